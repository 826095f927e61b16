"""联查: inspections by several departments at once, drawn at random and openly published.

One folder per stage of an inspection, in the order of the Measures; see docs/map.md.
"""
