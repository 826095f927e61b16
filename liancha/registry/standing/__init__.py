"""Tables of licences and of marks: their columns, how a row is read, what it would do.

tables   the columns of both, with the words of their templates
lines    one row, cell by cell, each fault with its cure
intake   the rows held against the registry, many codes at a time
putting  what the good rows write, and how it is taken back

Nothing here decides who may do so, and nothing is logged: see `actions.standing_tables`.
"""
