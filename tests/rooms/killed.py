"""A process that is killed (kill -9) at a chosen moment of its work, for tests of what it leaves.

A fork of this one, which costs a fraction of what starting another does. Call from within
`in_database`; nothing of the child but what it committed, and the files it wrote, is left.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from signal import SIGKILL
from typing import Any

from django.db import connection, connections, transaction

BEFORE, AFTER = "just before its commit", "just after its commit"
MOMENTS = (0.2, 0.5, 0.8, BEFORE, AFTER)
Moment = float | str  # a share of its statements, or BEFORE or AFTER


def statements(work: Callable[[], Any]) -> int:
    """How many statements a piece of work takes; what it did is rolled back."""
    seen: list[str] = []

    def see(execute: Any, sql: str, *rest: Any) -> Any:
        seen.append(sql)
        return execute(sql, *rest)

    with transaction.atomic(), connection.execute_wrapper(see):
        work()
        transaction.set_rollback(True)
    return len(seen)


def kill(work: Callable[[], Any], moment: Moment, *, of: int) -> None:
    """Do the work in another process and kill it at that moment.

    of  about how many statements it takes; a share comes before the commit in any case.
        BEFORE and AFTER are the commit of its entry in the ledger

    Fails when the process came to its end.
    """
    pointed: Any = connections["default"]
    pointed.close()  # the child opens it anew
    child = os.fork()
    if child == 0:
        try:
            # Where a browser's event loop ran, the child would get a connection of its own, which
            # points to another database.
            connections["default"] = pointed
            _die_in_time(work, moment, of)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the work was over before it could be killed"
    assert os.WTERMSIG(status) == SIGKILL


def _die_in_time(work: Callable[[], Any], moment: Moment, of: int) -> None:
    count, is_told = 0, False
    wrapper: Any = connections["default"]
    commit = wrapper._commit

    def see(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal count, is_told
        count += 1
        is_told = is_told or sql.startswith('INSERT INTO "ledger_entry"')
        if isinstance(moment, float) and count >= moment * of:
            _die()
        return execute(sql, *rest)

    def commit_or_die() -> None:
        if is_told and moment != AFTER:
            _die()
        commit()
        if is_told and moment == AFTER:
            _die()

    wrapper._commit = commit_or_die
    with connection.execute_wrapper(see):
        work()


def _die() -> None:
    os.kill(os.getpid(), SIGKILL)
