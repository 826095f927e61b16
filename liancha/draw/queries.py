"""What the pages of this room show."""

from __future__ import annotations

from .pools import pool
from .seats import current_inspectors

__all__ = ["current_inspectors", "pool"]
