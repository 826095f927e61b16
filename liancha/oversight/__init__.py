"""督办: what is overdue, and whom the coordinating office reminds (Measures, arts. 6 and 7); which
inspections of one firm could be one visit (E14).

Reads every room, owns little, scores nothing: numbers of visits or fines are never a target.
"""
