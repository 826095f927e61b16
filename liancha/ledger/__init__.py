"""The ledger: who did what, when, in one chain that only grows (Measures, arts. 17 and 19).

Every action writes exactly one entry here, in its own transaction; if the entry cannot be
written, nothing happened. Entries are chained by hash, so that an altered, missing or reordered
one shows. This room also keeps the seals and the database triggers that make a locked record
refuse every change, whoever asks. Nothing here is ever edited or deleted.
"""
