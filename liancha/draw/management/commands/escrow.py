"""`liancha escrow key FILE` and `liancha escrow open SHEETS… --key FILE`: the keeper's own machine.

Reads and writes files only: no database, no network, so that a keeper may run it anywhere. The
private key stays in the file it was made in.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pyrage
from django.core.management.base import BaseCommand, CommandError

from liancha.rulebook import protocol, reading
from liancha.rulebook.form import Refused

RULE = "rule.json"
NONCE = re.compile(r"^[0-9a-f]{64}$", re.MULTILINE)
SECRET = re.compile(r"^AGE-SECRET-KEY-1[0-9A-Z]+$", re.MULTILINE)


class Command(BaseCommand):
    help = "托管人：生成密钥，打开并核对各方封存的随机数（liancha escrow key|open）"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="key|open")
        key = acts.add_parser("key", help="生成一对密钥，私钥存进文件，打出公钥")
        key.add_argument("file", metavar="私钥文件", type=Path)
        opening = acts.add_parser("open", help="打开封存文件，与存证的规则逐份核对")
        opening.add_argument(
            "sheets",
            metavar="封存文件",
            type=Path,
            nargs="+",
            help="托管页下载的 .zip，或若干 .age",
        )
        opening.add_argument("--key", metavar="私钥文件", type=Path, required=True)
        opening.add_argument(
            "--rule", metavar="rule.json", type=Path, help="存证的规则；.zip 里有就不用写"
        )

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "key":
            self._make_key(options["file"])
        else:
            self._open(options["sheets"], options["key"], options["rule"])

    def _make_key(self, file: Path) -> None:
        """Never over an existing file: a key that is lost opens nothing any more."""
        own = pyrage.x25519.Identity.generate()
        public = str(own.to_public())
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CommandError(f"{file} 已经存在，不覆盖。请换一个文件名。") from None
        except OSError as error:
            raise CommandError(f"{file} 不能写：{error.strerror}。") from None
        with os.fdopen(handle, "w", encoding="ascii") as target:
            target.write(f"# public key: {public}\n{own}\n")
        self.stderr.write(f"私钥在 {file}，请自己保管，不要上传、不要给任何人。公钥：")
        self.stdout.write(public)

    def _open(self, sheets: list[Path], key: Path, rule_file: Path | None) -> None:
        """Every sheet against the logged commitments; exit 1 when one is lacking or wrong."""
        own = _identity(key)
        found = _sheets(sheets)
        text = found.pop(RULE, None)
        if rule_file is not None:
            text = _read(rule_file)
        if text is None:
            raise CommandError("没有 rule.json。请用托管页下载的 .zip，或加 --rule rule.json。")
        try:
            rule = reading.read_rule(text.decode())
        except (Refused, UnicodeDecodeError) as refusal:
            raise CommandError(f"规则文件不能读：{refusal}") from None
        self.stderr.write(f"{rule.draw}，规则摘要 {rule.digest}")
        waiting = {party.commitment: party.name for party in rule.parties}
        faults = []
        for name, sheet in found.items():
            nonce, problem = _nonce(sheet, own)
            party = next(
                (
                    party
                    for commitment, party in waiting.items()
                    if nonce and protocol.commitment(rule.draw, party, nonce) == commitment
                ),
                None,
            )
            if party is None:
                faults.append(f"{name}：{problem or '其中的随机数不是任何一方承诺的那个'}")
                continue
            del waiting[protocol.commitment(rule.draw, party, nonce)]
            self.stdout.write(f"{party}\t{nonce}")
        for each in faults:
            self.stderr.write(f"✗ {each}")
        if faults:
            raise CommandError(
                f"有 {len(faults)} 份打不开或与承诺不符。请在托管页如实上报，不要只揭示其余的。"
            )
        if waiting:
            self.stderr.write(f"这里没有、应另有纸质封件的：{'、'.join(waiting.values())}")
        self.stderr.write(f"{len(found)} 份都与存证的承诺相符。")


def _identity(key: Path) -> pyrage.x25519.Identity:
    found = SECRET.search(_read(key).decode("ascii", "replace"))
    if not found:
        raise CommandError(f"{key} 里没有 AGE-SECRET-KEY 开头的私钥。")
    try:
        return pyrage.x25519.Identity.from_str(found[0])
    except pyrage.IdentityError:
        raise CommandError(f"{key} 里的私钥不完整。") from None


def _sheets(paths: list[Path]) -> dict[str, bytes]:
    """File name → content, out of single files and archives."""
    found: dict[str, bytes] = {}
    for path in paths:
        content = _read(path)
        if not zipfile.is_zipfile(io.BytesIO(content)):
            found[path.name] = content
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            found |= {name: file.read(name) for name in file.namelist()}
    return found


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} 不能读：{error.strerror}。") from None


def _nonce(sheet: bytes, own: pyrage.x25519.Identity) -> tuple[str, str]:
    """(number, why there is none)."""
    try:
        text = pyrage.decrypt(sheet, [own]).decode("utf-8", "replace")
    except pyrage.DecryptError:
        return "", "打不开，不是用您的公钥封存的，或文件坏了"
    found = NONCE.findall(text.lower())
    return (found[-1], "") if found else ("", "打开了，里面没有 64 位随机数")
