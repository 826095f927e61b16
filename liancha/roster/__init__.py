"""执法检查人员名录库: who may inspect, with what certificate and skill (Measures, arts. 11, 18).

People are kept with certificates, skills, posts, leave and recusals. An expired certificate or a
leave makes somebody not drawable, and the page says why. Experts stand apart and never count.
"""
