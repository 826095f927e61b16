"""Doors of this room: the office's pages and the public's."""
