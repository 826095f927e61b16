"""`liancha log audit URL`: look at a running site from outside, and say where its log breaks.

Asks for the last checkpoint, checks who signed it, that it continues the one seen last time, that
entries picked by chance are in it, and the log.json of every public draw. What was seen is kept in
one file: keys are pinned at the first look, and followed only on the word of the key before.

Ends with 0 when everything holds, 1 when something does not, 2 for a wrong argument or file, 3
when the site did not answer: then nothing is proven either way.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from liancha.rulebook import notes, publiclog, signing, tree
from liancha.rulebook.form import Refused, is_hex
from liancha.rulebook.notes import Head, Key, Note

from . import following, locating
from .fetching import Answered, Site, Unreachable
from .store import REMEMBERED

OK, BROKEN, WRONG, AWAY = 0, 1, 2, 3
ENTRIES = 16
STALE_HOURS = 24


@dataclass
class Seen:
    """What the last audit of this site saw; one JSON file."""

    origin: str = ""
    key: str = ""
    witnesses: list[str] = field(default_factory=list)
    seen: list[tuple[int, str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.seen[-1][0] if self.seen else 0


@dataclass
class Findings:
    """What held, what is only to be known, and where it breaks; Chinese sentences."""

    good: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read_state(path: Path) -> Seen:
    """Raises Refused when the file is there and cannot be read."""
    if not path.exists():
        return Seen()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        state = Seen(**found)
        state.seen = [(int(size), str(root)) for size, root in state.seen]
    except (ValueError, TypeError) as error:
        raise Refused(str(path), "不是核对留下的状态文件") from error
    return state


def write_state(path: Path, state: Seen) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(json.dumps(asdict(state), ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(draft, path)


def audit(
    site: Site,
    state: Seen,
    *,
    keys: Sequence[Key] = (),
    witnesses: Sequence[Key] = (),
    entries: int = ENTRIES,
    seconds: int,
) -> Findings:
    """Look once. The state is moved on only when nothing is broken.

    keys, witnesses  pinned by the person who runs this; otherwise those of the first look
    seconds          now, POSIX

    Raises Unreachable.
    """
    found = Findings()
    try:
        note = notes.read_note(_asked(site, "/log/checkpoint"))
        origin, shown, handed = following.statements(site)
        fresh = _pinned(site, state, origin, shown, keys, witnesses, found)
        key = _current(fresh, origin, note, handed, found)
        head = signing.head_of(note, origin, [key])
        found.good.append(f"检查点由 {origin} 的密钥 {key.id.hex()} 署名，{head}")
    except (Refused, Answered) as problem:
        found.broken.append(str(problem))
        return found
    trusted = [notes.read_key(text) for text in fresh.witnesses]
    _cosigned(site, note, head, key, trusted, found, seconds)
    _continued(site, fresh, head, found)
    _entries(site, head, entries, found)
    _draws(site, head, key, trusted, handed, found)
    if not found.broken:
        if head.size > fresh.size:
            fresh.seen = [*fresh.seen, (head.size, head.root.hex())][-REMEMBERED:]
        fresh.key = str(key)
        state.__dict__.update(fresh.__dict__)
    return found


def _asked(site: Site, path: str) -> bytes:
    try:
        return site.get(path)
    except Answered as said:
        raise Refused(f"{site.base}{path}", f"回答 {said}") from said


def _pinned(
    site: Site,
    state: Seen,
    origin: str,
    shown: Sequence[Key],
    keys: Sequence[Key],
    witnesses: Sequence[Key],
    found: Findings,
) -> Seen:
    """The state with its keys: given now, kept from before, or taken at the first look."""
    fresh = Seen(state.origin, state.key, list(state.witnesses), list(state.seen))
    if fresh.origin and fresh.origin != origin:
        raise Refused("来源", f"上次是 {fresh.origin}，这次是 {origin}：不是同一个日志")
    fresh.origin = origin
    if keys:
        fresh.key = str(keys[0])
    elif not fresh.key:
        if not shown:
            raise Refused("公钥", "站点没有公布公钥")
        fresh.key = str(shown[-1])
        found.remarks.append(f"第一次核对，记下日志的公钥，请用别的途径核对：{fresh.key}")
    if witnesses:
        fresh.witnesses = [str(each) for each in witnesses]
    elif not state.seen:
        fresh.witnesses = [str(key) for key in _witnesses(site)]
        for text in fresh.witnesses:
            found.remarks.append(f"第一次核对，记下见证方的公钥，请用别的途径核对：{text}")
    return fresh


def _witnesses(site: Site) -> list[Key]:
    said = site.json("/log/keys.json")
    named = said.get("witnesses", []) if isinstance(said, dict) else []
    return [notes.read_key(str(text)) for text in named]


def _current(state: Seen, origin: str, note: Note, handed: Sequence[Note], found: Findings) -> Key:
    """The key in force: the pinned one, or the one it handed over to. Raises Refused."""
    key = notes.read_key(state.key)
    for step in signing.followed(origin, key, handed):
        found.remarks.append(
            f"日志从第 {step.size} 条起换了密钥，凭旧密钥 {step.old.id.hex()} 的声明，"
            f"改记为 {step.new}"
        )
        key = step.new
    if signing.signed_by(note, [key]) is None:
        raise Refused(
            "检查点的署名",
            f"不是记下的公钥 {key.id.hex()}，也没有它的更替声明。日志换了密钥或被冒充；"
            "核实后用 --key 给出新的公钥",
        )
    return key


def _cosigned(
    site: Site,
    note: Note,
    head: Head,
    key: Key,
    trusted: Sequence[Key],
    found: Findings,
    seconds: int,
) -> None:
    """Cosignatures under the last checkpoint, or under the last that has some."""
    if not trusted:
        found.remarks.append("没有见证方：只凭本站自己的署名，防不住给不同的人看不同的日志")
        return
    try:
        if signing.signed_by(note, trusted) is None:
            note = notes.read_note(site.get("/log/cosigned"))
            older = signing.head_of(note, head.origin, _also(site, key, note))
            if not locating.continues(site, older.size, older.root.hex(), head):
                found.broken.append(
                    f"联签过的检查点（{older}）与最近的（{head}）接不上：日志分成了两份"
                )
                return
        by = [each for each in trusted if signing.signed_by(note, [each])]
    except Answered as said:
        if said.status != 404:  # 404: none is cosigned yet
            found.broken.append(f"联签过的检查点拿不到（{said}）")
            return
        by = []
    except Refused as problem:
        found.broken.append(f"联签不对：{problem}")
        return
    if not by:
        found.remarks.append("还没有一个检查点有见证方的联签")
        return
    times = [s.seconds or 0 for s in note.signatures if any(s.claims(each) for each in by)]
    moment = datetime.fromtimestamp(min(max(times), 2**33), UTC).astimezone()
    size = notes.read_head(note.text).size
    names = "、".join(each.name for each in by)
    found.good.append(f"大小 {size} 的检查点由 {names} 联签，{moment:%F %H:%M}")
    if seconds - max(times) > STALE_HOURS * 3600:
        found.remarks.append(f"最近的联签已过 {STALE_HOURS} 小时，请问一问见证方")


def _also(site: Site, key: Key, note: Note) -> list[Key]:
    """Keys that may have signed an older checkpoint: the present one and those before it.

    An older note is only held against the present one, so a former key is enough here.
    """
    _, shown, _ = following.statements(site)
    return [key, *(each for each in shown if each.name == key.name)]


def _continued(site: Site, state: Seen, head: Head, found: Findings) -> None:
    if not state.seen:
        found.remarks.append("第一次核对，没有上次的检查点可比")
        return
    size, root = state.seen[-1]
    if locating.continues(site, size, root, head):
        found.good.append(f"上次见到的 {size} 条都在，没有改动，之后增加了 {head.size - size} 条")
    else:
        found.broken.append(locating.damage(site, state.seen, head))


def _entries(site: Site, head: Head, count: int, found: Findings) -> None:
    """Entries picked by chance: the site must show each in its tree, as it stands there now."""
    if head.size <= count:
        picked = list(range(head.size))
    else:
        picked = sorted(secrets.SystemRandom().sample(range(head.size), count))
    lost = 0
    for index in picked:
        problem = _entry_problem(site, head, index)
        if problem:
            lost += 1
            found.broken.append(f"第 {index} 条（从 0 数起）：{problem}")
    if picked and not lost:
        found.good.append(f"随机抽查的 {len(picked)} 条都在树中")


def _entry_problem(site: Site, head: Head, index: int) -> str:
    try:
        said: Any = site.json(f"/log/entries/{index}")
        proof: Any = site.json("/log/proofs/inclusion/", index=index, size=head.size)
    except Answered as answer:
        return f"站点拿不出来（{answer}）"
    leaf = said.get("leaf_hash") if isinstance(said, dict) else None
    path = locating.path_of(proof)
    if not isinstance(leaf, str) or not is_hex(leaf, 64) or path is None:
        return "站点的回答不完整"
    if not tree.includes(head.root, head.size, index, bytes.fromhex(leaf), path):
        return "现在的内容不在已署名的树中，被改写"
    words = said.get("leaf")
    if words is not None and tree.leaf_hash(str(words).encode()).hex() != leaf:
        return "公开的内容与叶子的哈希不符"
    return ""


def _draws(
    site: Site,
    head: Head,
    key: Key,
    trusted: Sequence[Key],
    handed: Sequence[Note],
    found: Findings,
) -> None:
    """log.json of every public draw: in one line with the log as it stands now."""
    try:
        listed = site.json("/log/draws.json")["draws"]
        named = [(str(each["draw"]), str(each["log"])) for each in listed]
    except (Answered, KeyError, TypeError) as error:
        found.broken.append(f"公开抽取的清单读不出来：{error}")
        return
    logs_keys = [key, *(notes.read_handover(each.text).old for each in handed)]
    broken = 0
    for number, address in named:
        problems = _draw_problems(site, head, number, address, logs_keys, trusted)
        broken += bool(problems)
        found.broken += [f"{number}：{problem}" for problem in problems]
    if named and not broken:
        found.good.append(f"{len(named)} 次公开抽取的 log.json 都与日志一致")


def _draw_problems(
    site: Site,
    head: Head,
    number: str,
    address: str,
    keys: Sequence[Key],
    trusted: Sequence[Key],
) -> list[str]:
    try:
        log = publiclog.read_log(site.get(address))
    except Answered as said:
        return [f"log.json 拿不到（{said}）"]
    except Refused as problem:
        return [str(each) for each in problem.problems]
    problems = [str(each) for each in publiclog.tree_problems(log)]
    if problems:
        return problems
    if any(entry.words.get("draw") != number for entry in log.entries):
        return ["log.json 属于另一次抽取"]
    last = log.checkpoints[-1]
    if last.origin != head.origin:
        return [f"来源是 {last.origin}，不是 {head.origin}"]
    if last.size <= head.size and not locating.continues(site, last.size, last.root, head):
        return [f"它的检查点（大小 {last.size}，根 {last.root}）与日志现在的接不上：被改写"]
    for one in log.checkpoints:
        if not one.signatures:
            continue
        try:
            note = notes.read_note("\n".join([one.text, *one.signatures]) + "\n")
            signing.signed_by(note, trusted)
            if signing.signed_by(note, keys) is None:
                problems.append(f"大小 {one.size} 的检查点没有日志已知密钥的署名")
        except Refused as problem:
            problems.append(f"大小 {one.size} 的检查点：{problem}")
    return problems


# ── The command ───────────────────────────────────────────────────────────────────────────────


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="liancha log audit",
        description="从外面核对一个站点的存证日志，与上次所见的检查点相比。不需要本站的数据库和设置。",
        epilog="退出码：0 全部相符；1 有不符，逐条写明；2 参数或状态文件有误；3 站点没有回答。",
    )
    made.add_argument("url", metavar="网址", help="站点的首页，例如 http://10.0.0.5:8000")
    made.add_argument(
        "--state",
        type=Path,
        default=Path("liancha-audit.json"),
        metavar="文件",
        help="记下所见，下次比对；默认 liancha-audit.json",
    )
    made.add_argument("--key", metavar="公钥", help="日志的公钥；不给就记下第一次见到的")
    made.add_argument(
        "--witness", action="append", default=[], metavar="公钥", help="见证方的公钥，可多次"
    )
    made.add_argument(
        "--entries", type=int, default=ENTRIES, metavar="条数", help=f"抽查几条，默认 {ENTRIES}"
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status."""
    asked = parser().parse_args(arguments)
    try:
        state = read_state(asked.state)
        keys = [notes.read_key(asked.key)] if asked.key else []
        witnesses = [notes.read_key(text) for text in asked.witness]
    except Refused as problem:
        print(problem, file=sys.stderr)
        return WRONG
    try:
        found = audit(
            Site(asked.url),
            state,
            keys=keys,
            witnesses=witnesses,
            entries=max(asked.entries, 0),
            seconds=int(time.time()),
        )
    except Unreachable as problem:
        print(f"没有核对成：{problem}", file=sys.stderr)
        return AWAY
    for line in found.good:
        print(f"✓ {line}")
    for line in found.remarks:
        print(f"· {line}")
    for line in found.broken:
        print(f"✗ {line}")
    if found.broken:
        print(f"核对不通过：{len(found.broken)} 处。状态文件没有改动，可以作为证据。")
        return BROKEN
    try:
        write_state(asked.state, state)
    except OSError as problem:
        print(f"核对通过，但状态文件没有写成：{problem}", file=sys.stderr)
        return WRONG
    print("核对通过。")
    return OK
