"""The demo city: made-up firms, made-up people and a running year, the same for the same seed.

Everything a visitor sees went through the same actions that officials use, day by day, so that
the ledger, the draws and the terms are real. No name here is anybody's.
"""
