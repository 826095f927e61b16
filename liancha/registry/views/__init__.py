"""Doors of this room: the list and one target, imports, the tables of words and places."""
