"""The two lists: 抽查事项清单 and 部门联合抽查事项清单 (Measures, arts. 8–10).

A list goes through drafting, consulting, approval and publication; a published version is sealed
and a change makes the next version, with its reason. Nothing may be planned from any other.
"""
