"""The public log, 存证日志, as the world sees it (Measures, arts. 16 and 19; draw protocol, §7).

Checkpoints, proofs, keys and the few entries that are public, for whoever asks, without signing in;
cosignatures come in here and checkpoints go out to the witnesses. What an entry says is shown only
for the kinds the protocol opens, and only once it does: all others are a leaf hash. Nothing is
written to the ledger here.
"""
