"""Which software draws: said before the freeze, kept in the freeze's entry and in the minutes.

Source: domain §h.1.
"""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Name and version of what is running: liancha 0.1.0."""
    return f"liancha {metadata.version('liancha')}"
