"""One word for all imports: `liancha import targets FILE` runs the command `import_targets`.

Every room that takes in files has a command import_<what>; it is found by its name, so that this
one needs to know no other room.
"""

from __future__ import annotations

from typing import Any

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

PREFIX = "import_"


class Command(BaseCommand):
    help = "导入表格：liancha import targets 文件"

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand everything after the kind to the command of that kind."""
        found = self._kinds()
        if len(argv) > 2 and argv[2] in found:
            command = load_command_class(found[argv[2]], PREFIX + argv[2])
            command.run_from_argv([argv[0], f"import {argv[2]}", *argv[3:]])
            return
        lines = ["用法：liancha import 种类 文件", "", "可以导入的种类："]
        for kind, owner in found.items():
            lines.append(f"  {kind:<14}{load_command_class(owner, PREFIX + kind).help}")
        is_help = len(argv) > 2 and argv[2] in ("-h", "--help")
        (self.stdout if is_help else self.stderr).write("\n".join(lines))
        if not is_help:
            raise SystemExit(2)

    def handle(self, *args: Any, **options: Any) -> None:
        """Called from a program, without a kind: say how. The shell goes by run_from_argv."""
        kinds = "、".join(self._kinds())
        raise CommandError(
            f"用法：liancha import 种类 文件。种类：{kinds}。程序里请直接调用 {PREFIX}种类。"
        )

    @staticmethod
    def _kinds() -> dict[str, str]:
        return {
            name.removeprefix(PREFIX): str(owner)
            for name, owner in sorted(get_commands().items())
            if name.startswith(PREFIX)
        }
