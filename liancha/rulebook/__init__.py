"""The Measures as functions: no Django, no clock, no database, no chance but the seed.

Modules are named for what they decide. Time, chance and people come in as arguments, so that a
rule can be read against its article and repeated by an outsider, for whom
`python -m liancha.rulebook.verify` needs Python alone.
"""
