"""检查对象名录库: every firm, branch, school, site that may be inspected (Measures, arts. 11, 15).

Targets come from files and are kept with their region, tags, status and credit class. What cannot
be decided waits as 待核 and enters no pool. Nothing is deleted here; a closed target has a status.
"""
