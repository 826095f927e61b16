"""The draw: who is inspected, and by whom (Measures, arts. 18 and 19).

Two draws happen here, once each and in this order:

1. targets, by the initiating department, from the pool frozen for the task;
2. inspectors, by every participating department, from its own roster.

The arithmetic is in `rulebook.sampling` and `rulebook.assignment`, the protocol in
`rulebook.protocol`. This room freezes what goes in, takes the parties through commitment, reveal
and public chance, and writes down what came out. A drawn list is never edited: there is no
function for it, and the database refuses it too.
"""
