"""Steps 9 and 10: results, what the public sees, and the check that anybody can make."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from liancha.draw.models import Draw, DrawnTarget
from tests.conftest import ROOT

from .corridor import Journey
from .pictures import check_in_the_browser

FOUND = "05 发现问题已责令改正"
HIDDEN = ("/public/", "/public/draws/", "/public/results/", "/public/data/")


def the_draw_is_public_but_not_the_names(journey: Journey) -> None:
    """While visits are still to come: the transcript, and no firm anywhere."""
    with journey.in_database():
        draw = Draw.objects.of_targets().get()
        names = list(DrawnTarget.objects.values_list("candidate__name", flat=True))
        codes = list(DrawnTarget.objects.values_list("candidate__code", flat=True))
    assert len(names) == 3
    page = journey.places["public"] = f"/public/draws/{draw.pk}/"
    anybody = journey.by("")
    for path in (*HIDDEN, page):
        anybody.go(path)
        anybody.misses(*names, *codes)
    anybody.sees("名单什么时候公开")
    files = unpacked(anybody.download("全部文件 .zip"))
    assert "transcript.json" in files
    assert not {"drawn.tsv", "frame.tsv", "codes.txt"} & set(files)
    for text in files.values():
        assert not any(each.encode() in text for each in (*names, *codes))
    for name in ("drawn.tsv", "frame.tsv"):
        anybody.go(f"{page}{name}", status=404)
    said = verify(journey.folder / "before", files)
    assert said.returncode == 0, said.stdout
    assert "抽取记录（transcript）" in said.stdout


def the_results_are_entered_audited_and_published(journey: Journey) -> None:
    """Each department its own: entered by its clerk, audited by its head, then public."""
    for clerk_account, head_account in (("shen", "cheng"), ("lu", "gu")):
        clerk, head = journey.by(clerk_account), journey.by(head_account)
        for _ in range(3):
            clerk.go("/results/?state=to_enter")
            clerk.follow("录入结果")
            if clerk_account == "shen" and clerk.page.get_by_text("记录表：发现问题").count():
                clerk.sees("本户：完成后 20 个工作日")
                journey.album.keep(clerk, "09-result")
            clerk.press("送审核")
        for _ in range(3):
            head.go("/results/?state=entered")
            head.follow("审核结果")
            head.press("审核同意")
        clerk.go("/results/?state=audited")
        clerk.pick_all()
        clerk.touch("公示所选")
        clerk.press("公示结果")
        clerk.sees("已公示 3 户")


def the_public_sees_the_results(journey: Journey) -> None:
    with journey.in_database():
        names = list(DrawnTarget.objects.values_list("candidate__name", flat=True))
    anybody = journey.by("")
    anybody.go("/public/results/")
    anybody.sees("6 条", *names)
    anybody.page.get_by_role("row").filter(has_text="责令改正").get_by_role("link").first.click()
    anybody.sees("住宿人员实名登记情况的检查", "未发现问题", "存证摘要", "双随机、一公开")
    anybody.misses("13800000001", "王某某", *journey.officers)


def anybody_can_check_the_draw(journey: Journey) -> None:
    """The lists are public now. What was changed by one byte is refused, and named."""
    with journey.in_database():
        names = list(DrawnTarget.objects.values_list("candidate__name", flat=True))
    anybody = journey.by("")
    anybody.go(journey.places["public"])
    anybody.sees("抽中名单", *names)
    files = unpacked(anybody.download("全部文件 .zip"))
    assert {"transcript.json", "log.json", "frame.tsv", "drawn.tsv"} <= set(files)
    said = verify(journey.folder / "after", files)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "完整（full）" in said.stdout

    for name, part in (("frame.tsv", "名单先定"), ("drawn.tsv", "抽中名单")):
        bent = bytearray(files[name])
        bent[len(bent) // 2] ^= 1
        said = verify(journey.folder / f"bent-{name}", files | {name: bytes(bent)})
        assert said.returncode == 1, said.stdout
        assert "Traceback" not in said.stderr
        wrong = [line for line in said.stdout.splitlines() if line.startswith("✗")]
        assert any(part in line or name in line for line in wrong), said.stdout

    for draw in anybody.page.locator(".pub-list a").all():  # those of the inspectors
        other = anybody.get(f"{draw.get_attribute('href')}bundle.zip")
        said = verify(journey.folder / f"staff-{len(other)}", unpacked(other))
        assert said.returncode == 0, said.stdout + said.stderr

    anybody.follow("在浏览器里验证")
    check_in_the_browser(anybody.page)
    journey.album.keep(anybody, "10-verify", check_in_the_browser)


def unpacked(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        return {Path(name).name: found.read(name) for name in found.namelist()}


def verify(folder: Path, files: dict[str, bytes]) -> subprocess.CompletedProcess[str]:
    """The verifier on a folder, as anybody starts it: Python alone, without site packages."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, str(ROOT), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


# Isolated mode knows no working folder: the one path that the verifier needs is added by hand.
ALONE = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('liancha.rulebook.verify', run_name='__main__', alter_sys=True)"
)
