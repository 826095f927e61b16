"""The visit: team, notice, check-in, record form, signature (Measures, arts. 20 and 21).

One 联合检查组 with one leader goes to a drawn target once, for all departments. The firm is told
before, except with a clue; at least two officers of each department are there; every item is
answered on one form; the firm signs, or two officers record the refusal. No conclusion of law is
drawn here: results are entered in the next room.
"""
