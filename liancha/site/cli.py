"""The command line: `liancha import …`, `liancha draw …`, and every command of Django.

A command lives in the room it serves (management/commands/); this door finds it, lists it in
Chinese and turns a refusal of the Measures into a sentence instead of a traceback. It runs
nothing by itself.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from importlib import import_module

from liancha.rulebook.verdicts import Blocked

# Headings of the help, in the order of the corridor; a room without commands is left out.
ROOMS = {
    "lists": "清单（第二章）",
    "registry": "检查对象名录库（第二章）",
    "roster": "执法检查人员名录库（第二章）",
    "plan": "年度工作计划（第三章）",
    "task": "任务与实施方案（第四章）",
    "draw": "抽取（第四章）",
    "inspection": "实地核查（第四章）",
    "disclosure": "公示与核验（第四章）",
    "oversight": "督办",
    "ledger": "存证日志",
    "accounts": "部门与账号",
    "workdays": "工作日",
    "papers": "文书与表格",
    "queue": "后台任务",
    "site": "安装与数据",
}
OF_DJANGO = (
    ("migrate", "建表或更新表结构"),
    ("check", "检查配置；加 --database default 一并检查数据库锁"),
    ("qcluster", "启动后台任务进程"),
    ("shell", "打开 Python 命令行"),
)


# Commands for outsiders: no settings are read and nothing of a site is made for them.
OUTSIDE = {("witness",): "liancha.witness.command", ("log", "audit"): "liancha.witness.auditing"}


def main() -> None:
    """Run one command; exit 1 with a sentence when the Measures refuse it."""
    for words, module in OUTSIDE.items():
        if tuple(sys.argv[1 : 1 + len(words)]) == words:
            sys.exit(_outside(module, sys.argv[1 + len(words) :]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liancha.site.settings")
    # A command has one connection, and qcluster forks: a pool would only be in the way.
    os.environ.setdefault("DATABASE_POOL", "0")

    from django.core.management import execute_from_command_line

    if sys.argv[1:] in ([], ["help"], ["-h"], ["--help"]):
        print(help_text())
        return
    try:
        execute_from_command_line(["liancha", *sys.argv[1:]])
    except Blocked as refusal:
        sys.exit(f"{refusal}（《实施办法》第 {refusal.article} 条）")
    except KeyboardInterrupt:
        print("\n已停止。", file=sys.stderr)
        sys.exit(130)


def _outside(module: str, arguments: list[str]) -> int:
    try:
        status: int = import_module(module).main(arguments)
    except KeyboardInterrupt:
        print("\n已停止。", file=sys.stderr)
        return 130
    return status


def help_text() -> str:
    """The top-level help: our commands by room with their one-line help, then Django's."""
    import django
    from django.core.management import get_commands, load_command_class

    django.setup()
    ours: dict[str, list[tuple[str, str]]] = {room: [] for room in ROOMS}
    others = 0
    for name, owner in sorted(get_commands().items()):
        room = owner.removeprefix("liancha.") if isinstance(owner, str) else ""
        if room in ours and name not in dict(OF_DJANGO):
            ours[room].append((name, load_command_class(str(owner), name).help.splitlines()[0]))
        else:
            others += 1

    lines = [
        "联查：部门联合“双随机、一公开”监管平台",
        "",
        "用法：liancha 命令 [参数]",
        "      liancha 命令 --help    看一条命令的参数",
    ]
    ours["ledger"].append(("witness", "由外单位在自己的机器上运行：见证存证日志，联签检查点"))
    for room, commands in ours.items():
        if commands:
            lines += ["", ROOMS[room], *_rows(commands)]
    lines += [
        "",
        f"Django 自带的命令同样可用（共 {others} 条，liancha help --commands 列出全部），常用的有",
        *_rows(OF_DJANGO),
    ]
    return "\n".join(lines)


def _rows(commands: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    return [f"  {padded(name, 18)}{text}" for name, text in commands]


def padded(text: str, width: int) -> str:
    """Pad to a width in terminal columns, where a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return text + " " * max(1, width - taken)
