"""The record every small import has in common; a room makes its own of it.

What came in, what was wrong, what it would do or did, until when it can be taken back. What the
rows mean and what they change is the room's to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models

from liancha.accounts.models import User
from liancha.rulebook.verdicts import Blocked

from .faults import Fault
from .held import Held

UNDO_WITHIN = timedelta(days=1)  # local practice
LISTED = 300  # differences that are kept to be shown; all of them are counted


class TableImport(models.Model):
    """One uploaded table: looked at, then written or given up, then perhaps taken back.

    columns      [heading of the file, what it was taken for], in the file's order
    held         the table as `Held.kept`: whole while it waits, the bad rows alone afterwards
    faults       what is wrong, as `Fault`; what has a fault is not taken
    remarks      the same of what is taken
    differences  {"kind", "code", "name", "parts": [[word, before, after]]}, the first LISTED
    written_at   empty for a dry run that nobody has committed
    undone_at    when it was taken back, within a day of being written
    """

    file_name = models.CharField("文件", max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("字节", default=0)
    recognised = models.CharField("识别结果", max_length=200, blank=True)
    columns = models.JSONField("列的对应", default=list)
    held = models.JSONField("暂存的行", default=dict)
    rows = models.PositiveIntegerField("合计", default=0)
    added = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    faulty = models.PositiveIntegerField("有误", default=0)
    faults = models.JSONField("有误之处", default=list)
    remarks = models.JSONField("请留意之处", default=list)
    differences = models.JSONField("差别", default=list)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("试算时间", null=True, blank=True)
    written_at = models.DateTimeField("写入时间", null=True, blank=True)
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)
    given_up_at = models.DateTimeField("放弃时间", null=True, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody to write it or give it up."""
        return self.written_at is None and self.given_up_at is None

    @property
    def taken(self) -> int:
        """How many are written or would be."""
        return self.added + self.changed

    @property
    def faulty_rows(self) -> Iterable[int]:
        return sorted({fault["row"] for fault in self.faults})

    def is_in_time(self, at: datetime) -> bool:
        """Whether it can still be taken back; what happened since is only looked at when asked."""
        return bool(
            self.written_at and self.undone_at is None and at - self.written_at <= UNDO_WITHIN
        )

    def take(self, held: Held, columns: list[list[str]]) -> None:
        """Keep a table that has just been read."""
        self.sha256, self.size = held.sha256, held.size
        self.recognised, self.columns = held.recognised, columns
        self.held, self.rows = held.kept(), len(held.lines)

    def close(self, numbers: Iterable[int] = ()) -> None:
        """Let the table go but for these rows and the bad ones: none of them is lost."""
        wanted = {*self.faulty_rows, *numbers}
        self.held = Held.of(self.held).only(wanted).kept()

    def note(
        self, faults: list[Fault], remarks: list[Fault], differences: list[dict[str, Any]]
    ) -> None:
        self.faults, self.remarks = faults, remarks
        self.differences = differences[:LISTED]

    def refuse_closed(self, article: str, paragraph: int | None = None) -> None:
        """Raise Blocked unless it still waits."""
        if self.written_at:
            raise Blocked(
                "这个文件已经写入，不能再写一次。要再导入，请重新选择文件。",
                article=article,
                paragraph=paragraph,
            )
        if self.given_up_at:
            raise Blocked(
                "这次导入已经放弃。请重新选择文件。", article=article, paragraph=paragraph
            )

    def refuse_late(
        self, at: datetime, instead: str, article: str, paragraph: int | None = None
    ) -> None:
        """Raise Blocked when there is nothing to take back, or no time.

        instead  what to do when it is too late
        """
        if self.undone_at:
            said = "这次导入已经撤回。"
        elif self.written_at is None:
            said = "这个文件还没有写入，不用撤回；放弃即可。"
        elif not self.is_in_time(at):
            said = f"写入已超过一天，不能整批撤回。{instead}"
        else:
            return
        raise Blocked(said, article=article, paragraph=paragraph)
