"""Find a Chromium for the browser tests, or unpack the one that npm carries.

    python tests/browser/chromium.py    makes it ready (dev.py does this before the tests)

First LIANCHA_CHROMIUM, then the system's own, then @sparticuz/chromium from the lock beside
this file, unpacked into .venv/chromium. Playwright's own download is not used: it needs a
host that many networks do not reach. Chinese text gets its font from a wheel by way of
FONTCONFIG_FILE, so no system fonts are needed either.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import platform
import shutil
import stat
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNPACKED = Path(sys.prefix) / "chromium"
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Chromium:
    """A browser to start: the file, and what its environment needs besides ours."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Chromium | None:
    """The browser to use, or None with nothing unpacked; does no work that takes long."""
    if given := os.environ.get("LIANCHA_CHROMIUM"):
        return Chromium(Path(given), fonts())
    for name in SYSTEM_NAMES:
        if path := shutil.which(name):
            return Chromium(Path(path), fonts())
    binary = UNPACKED / "chromium"
    if binary.exists() and _stamp().is_file() and _stamp().read_text() == _fingerprint():
        libraries = os.pathsep.join(
            filter(None, [str(UNPACKED / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH")])
        )
        return Chromium(binary, {**fonts(), "LD_LIBRARY_PATH": libraries})
    return None


def prepare() -> Chromium | None:
    """Find one or unpack one; None where npm's would not run (it is Linux on x86-64)."""
    if found := find():
        return found
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return None
    _npm_ci()
    _unpack(HERE / "node_modules" / "@sparticuz" / "chromium" / "bin")
    return find()


def fonts() -> dict[str, str]:
    """A fontconfig that knows the wheel's Noto fonts as well as the system's."""
    spec = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    if spec is None or spec.origin is None:
        return {}
    folder = UNPACKED.with_name("fontconfig")
    folder.mkdir(exist_ok=True)
    config = folder / "fonts.conf"
    text = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{Path(spec.origin).parent}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder / "cache"}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Noto Sans SC</family></prefer></alias>
  <alias><family>serif</family><prefer><family>Noto Serif SC</family></prefer></alias>
</fontconfig>
"""
    if not config.is_file() or config.read_text(encoding="utf-8") != text:
        draft = config.with_name(f"fonts.conf.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(config)
    return {"FONTCONFIG_FILE": str(config)}


def _stamp() -> Path:
    return UNPACKED / ".lock.sha256"


def _fingerprint() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()


def _npm_ci() -> None:
    spec = importlib.util.spec_from_file_location("build", ROOT / "frontend" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    build.npm_ci(HERE)


def _unpack(source: Path) -> None:
    import brotli

    draft = UNPACKED.with_name("chromium.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    binary = draft / "chromium"
    binary.write_bytes(brotli.decompress((source / "chromium.br").read_bytes()))
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    for name, folder in (("al2023.tar.br", draft / "al2023"), ("swiftshader.tar.br", draft)):
        content = brotli.decompress((source / name).read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            # Python 3.11 before 3.11.4 has no filters; the lock has vouched for the archive.
            if hasattr(tarfile, "data_filter"):
                archive.extraction_filter = tarfile.data_filter
            archive.extractall(folder)
    if not (draft / "al2023" / "lib").is_dir():
        raise SystemExit("@sparticuz/chromium: its libraries are not where they were expected")
    (draft / ".lock.sha256").write_text(_fingerprint())
    shutil.rmtree(UNPACKED, ignore_errors=True)
    draft.rename(UNPACKED)


if __name__ == "__main__":
    chromium = prepare()
    print(chromium.path if chromium else "no Chromium for this machine; set LIANCHA_CHROMIUM")
