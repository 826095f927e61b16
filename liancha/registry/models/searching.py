"""The narrow table that the search box reads instead of the wide one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from .imports import Import
from .targets import Target


class SearchRow(models.Model):
    """What can be searched of one target; its grams stand beside it (see `registry.search`).

    It may outlive its target for the minutes in which a large import taken back is tidied up.

    region  code, or "" while undecided
    """

    target = models.OneToOneField(
        Target,
        models.CASCADE,
        primary_key=True,
        related_name="search_row",
        db_constraint=False,
    )
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=21)
    initials = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=6, blank=True)

    class Meta:
        ordering: ClassVar = ["target"]

    def __str__(self) -> str:
        return self.name


class SearchFill(models.Model):
    """An import whose targets can be searched; until then the wide table is asked too."""

    batch = models.OneToOneField(Import, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.batch)
