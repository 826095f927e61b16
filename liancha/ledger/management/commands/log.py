"""`liancha log …`: the public log's key and checkpoints, on the machine of the site.

`liancha log audit URL` looks at a site from outside and needs neither settings nor database; the
command line sends it to `liancha.witness.auditing` before Django starts.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from liancha.ledger import logkeys, publishing
from liancha.ledger.models import Checkpoint, LogKey


class Command(BaseCommand):
    help = "存证日志：密钥（key new、rotate、show）、检查点（checkpoint）、从外面核对（audit 网址）"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="key|checkpoint|audit")
        key = acts.add_parser("key", help="密钥文件")
        key.add_argument(
            "what", choices=["new", "rotate", "show"], help="新建、更换、显示公钥", metavar="事项"
        )
        key.add_argument("--reason", default="", help="更换的原因，写进存证日志")
        key.add_argument(
            "--lost",
            action="store_true",
            help="旧密钥已丢失：没有更替声明，见证方和核对人都要重新登记公钥",
        )
        acts.add_parser("checkpoint", help="现在就署名一个检查点")
        acts.add_parser("audit", help="从外面核对一个站点：liancha log audit 网址", add_help=False)

    def handle(
        self, *, act: str, what: str = "", reason: str = "", lost: bool = False, **options: Any
    ) -> None:
        try:
            if act == "checkpoint":
                self._checkpoint()
            elif what == "new":
                signer = publishing.new_key()
                self.stdout.write(f"✓ 已建立密钥文件 {logkeys.path()}（只有本账号可读）")
                self.stdout.write(f"公钥：{signer.key}")
            elif what == "rotate":
                self._rotate(reason, lost)
            else:
                self._show()
        except FileExistsError as error:
            raise CommandError(f"密钥文件 {logkeys.path()} 已经在那里，没有改动。") from error
        except (logkeys.KeyAway, publishing.Rewritten) as problem:
            raise CommandError(str(problem)) from problem

    def _checkpoint(self) -> None:
        made = publishing.make_checkpoint(at=timezone.now())
        if made is None:
            raise CommandError("存证日志还是空的，没有可署名的。")
        self.stdout.write(made.note)

    def _rotate(self, reason: str, is_lost: bool) -> None:
        if not reason.strip():
            raise CommandError("请用 --reason 写明更换的原因，例如 --reason 每年更换。")
        made, put_by = publishing.rotate_key(
            reason=reason.strip(), is_lost=is_lost, by="system", at=timezone.now()
        )
        self.stdout.write(f"✓ 从第 {made.size} 条起由新密钥署名，已写进存证日志和公开的公钥清单。")
        if put_by:
            self.stdout.write(f"旧密钥在 {put_by}，确认新检查点已联签后请销毁。")
        else:
            self.stdout.write("没有更替声明：请用别的途径告诉见证方和核对人新的公钥。")
        self._show()

    def _show(self) -> None:
        for row in LogKey.objects.order_by("size"):
            self.stdout.write(f"第 {row.size} 条起：{row.key}")
        self.stdout.write(f"密钥文件里的公钥：{logkeys.signer().key}")
        self.stdout.write(f"检查点 {Checkpoint.objects.count()} 个。")
