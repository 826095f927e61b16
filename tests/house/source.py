"""The files of this repository, as the house tests read them."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "liancha"
ROOMS = sorted(
    path.name
    for path in PACKAGE.iterdir()
    if (path / "__init__.py").exists() and path.name != "rulebook"
)


@cache
def tracked() -> tuple[Path, ...]:
    """Files of the repository that exist: known to git, or new and not ignored."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        skipped = {".venv", "var", "node_modules", "vendor", "__pycache__", ".git"}
        paths = [p.relative_to(ROOT) for p in ROOT.rglob("*") if not skipped & set(p.parts)]
    else:
        paths = [Path(name) for name in listed.split("\0") if name]
    return tuple(sorted(ROOT / path for path in set(paths) if (ROOT / path).is_file()))


def python_files(folder: Path) -> list[Path]:
    """Tracked modules below a folder, migrations left out."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(folder) and "migrations" not in path.parts
    ]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
