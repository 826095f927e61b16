"""The yearly plan of joint inspections (Measures, arts. 12–16).

One plan book a year, level and region; each line has the eight columns of art. 14 and its rates by
credit class. It is published only when every field of the list is covered, and changed only by
adjustments that are published too.
"""
