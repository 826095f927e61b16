"""Which days are working days, and on which firms are left alone.

Working days come year by year as the State Council announces them (art. 22).

A year is entered once its arrangement is published, usually each November, by pasting the notice;
until then every term that runs into it says how far it can be counted. The counting itself is in
`rulebook.deadlines`. Nothing here guesses a year.

Quiet periods (安静期) are a region's own practice, registered by its coordinating office with the
document they rest on, and off until then; what they ask of a check is in `rulebook.quiet`. No
check is decided here.
"""
