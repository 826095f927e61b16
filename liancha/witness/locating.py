"""Where a log was cut or rewritten: which of the checkpoints seen before it still continues."""

from __future__ import annotations

from collections.abc import Sequence

from liancha.rulebook import tree
from liancha.rulebook.form import is_hex
from liancha.rulebook.notes import Head

from .fetching import Answered, Site


def proof(site: Site, first: int, second: int) -> list[bytes] | None:
    """The consistency proof a site gives; None when it gives none. Raises Unreachable."""
    try:
        said = site.json("/log/proofs/consistency/", first=first, second=second)
    except Answered:
        return None
    return path_of(said)


def path_of(said: object) -> list[bytes] | None:
    """The hashes of a proof in JSON; None where it is not one."""
    path = said.get("path") if isinstance(said, dict) else None
    if not isinstance(path, list) or len(path) > 64:
        return None
    if not all(isinstance(node, str) and is_hex(node, 64) for node in path):
        return None
    return [bytes.fromhex(node) for node in path]


def continues(site: Site, size: int, root: str, now: Head) -> bool:
    """Whether the site proves its present tree to continue that one. Raises Unreachable."""
    if size == now.size:
        return bytes.fromhex(root) == now.root
    if size > now.size:
        return False
    found = proof(site, size, now.size)
    return found is not None and tree.extends(size, bytes.fromhex(root), now.size, now.root, found)


def damage(site: Site, seen: Sequence[tuple[int, str]], now: Head) -> str:
    """Between which two checkpoints seen the log no longer is what it was; Chinese.

    seen  sizes and roots, oldest first, the last of which no longer holds

    Halves the span at each step: a dozen questions for thousands of checkpoints.
    """
    good, bad = -1, len(seen) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        size, root = seen[middle]
        if continues(site, size, root, now):
            good = middle
        else:
            bad = middle
    low = seen[good][0] if good >= 0 else 0
    high, root = seen[bad]
    kept = f"前 {low} 条仍与大小 {low} 的检查点一致" if low else "没有一个见过的检查点还能接上"
    what = (
        f"日志被截短：见过的大小是 {seen[-1][0]}，现在只有 {now.size} 条"
        if now.size < seen[-1][0]
        else "日志被改写"
    )
    if now.size < high:
        place = f"序号 {max(low, now.size)} 起的记录不见了或被改写"
        if low < now.size:
            place = f"序号 {low} 起的记录有改写或缺失，序号 {now.size} 起的不见了"
    else:
        place = f"改写在序号 {low} 至 {high - 1} 的记录之间"
    return (
        f"{what}：{kept}，{place}（大小 {high} 时的根是 {root}，"
        f"现在大小 {now.size}、根 {now.root.hex()}）"
    )
