"""录入、公示、后续处置, and the public pages (Measures, arts. 8, 16, 19 and 22).

谁检查、谁录入、谁公开: each department enters and publishes its own results, within 20 working
days. What is published is sealed; a correction is a new publication beside the old one. The public
pages show lists, plans, draws and results; names of the drawn only after the visits.
"""
