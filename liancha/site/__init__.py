"""The shell around the rooms: settings, addresses, base pages, the start page, the command line.

Nothing about an inspection is decided here. This is the only place that may import every room.
"""
