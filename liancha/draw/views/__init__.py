"""Pages of the draw, for those who work on it: pool, ceremony, inspectors, files."""

from . import ceremony, cosigning, files, pool, staff

__all__ = ["ceremony", "cosigning", "files", "pool", "staff"]
