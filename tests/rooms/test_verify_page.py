"""The page 在浏览器里验证: all of it in the visitor's browser, with the network off too."""

import io
import json
import shutil
import zipfile
from pathlib import Path
from random import Random

import pytest
from django.urls import reverse

from liancha.rulebook import bundle, sampling
from liancha.rulebook.protocol import Beacon, Stratum, TargetRule
from liancha.rulebook.transcript import TargetTranscript, begin, drawn_file
from tests.conftest import PHONE
from tests.journeys.walkers import violations
from tests.rooms import bundles
from tests.rooms import draw_world as w
from tests.rooms.random_draws import target_files
from tests.servers import serving

PAGE = "/public/verify/check/"


@pytest.fixture(scope="module")
def still_site(pristine_database, tmp_path_factory):
    """A site with nothing in it, for the page alone; it stays as it is."""
    folder = tmp_path_factory.mktemp("site")
    with pristine_database() as url, serving(url, folder, {"LIANCHA_DEMO": "1"}) as server:
        yield server


@pytest.fixture
def opened(still_site, new_page):
    """The page, loaded, and from then on without a network."""

    def open_page(**options):
        page = new_page(**options)
        page.goto(still_site.url + PAGE)
        page.locator("body[data-verifier=ready]").wait_for()
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        return page

    return open_page


def choose(page, *paths):
    page.get_by_label("选择文件", exact=True).set_input_files(list(paths))


def pick(folder: Path, *names: str) -> list[Path]:
    return [folder / name for name in names]


def answer(page, number: int = 0):
    section = page.locator(".vf-draw").nth(number)
    section.wait_for()
    return section


def question(page, word: str):
    return page.locator(".vf-chk li", has=page.locator("b", has_text=word))


def faults(page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return violations(page) + ([f"{wide} px wider than the screen"] if wide > 0 else [])


class TestOffline:
    def test_a_whole_draw_is_repeated_with_the_network_off(self, opened):
        page = opened()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        choose(page, *sorted(bundles.TARGETS.iterdir()))
        section = answer(page)
        assert "您的浏览器刚刚重算了一遍，结果一致" in section.inner_text()
        assert "没有把任何东西传给服务器" in section.inner_text()
        assert "逐户重算" in section.inner_text()
        assert page.locator(".vf-levels .lc-tag[data-s=done]").count() == 4
        assert page.locator(".vf-chk .n").count() == 0
        assert [url for url in asked if not url.startswith("blob:")] == []
        page.get_by_role("button", name="再算一次").click()
        answer(page)
        assert asked == []

    def test_a_changed_byte_is_named(self, opened, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        drawn = (folder / "drawn.tsv").read_bytes().replace(b"\t1\t", b"\t2\t", 1)
        (folder / "drawn.tsv").write_bytes(drawn)
        page = opened()
        choose(page, *sorted(folder.iterdir()))
        section = answer(page)
        assert "重算的结果和公布的不一致" in section.inner_text()
        assert "不符的是：抽中名单" in section.inner_text()
        assert "drawn.tsv 第 1 行" in question(page, "抽中名单").inner_text()
        assert page.locator(".vf-chk .n").count() == 1

    def test_the_transcript_alone_says_what_is_missing(self, opened):
        page = opened()
        choose(page, bundles.TARGETS / "transcript.json")
        assert "验到抽取记录。" in answer(page).inner_text()
        assert "要有 frame.tsv" in page.locator(".vf-levels").inner_text()
        assert "有 frame.tsv 才能逐户重算" in question(page, "每一户的票据").inner_text()

    def test_a_draw_of_inspectors(self, opened):
        page = opened()
        choose(page, *sorted(bundles.INSPECTORS.iterdir()))
        assert "逐席重算" in answer(page).inner_text()
        page.get_by_text("看每个人").click()
        assert page.get_by_role("row", name="P0").count() == 1

    def test_files_that_are_no_draw(self, opened, tmp_path):
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / "firm.json").write_text("{}")
        page = opened()
        choose(page, tmp_path / "notes.txt")
        page.get_by_text("里面没有抽取的文件").wait_for()
        choose(page, tmp_path / "firm.json")
        assert "没法核对" in answer(page).inner_text()
        assert "缺少 transcript.json" in answer(page).inner_text()
        choose(page, tmp_path / "notes.txt")
        page.get_by_text("里面没有抽取的文件").wait_for()
        assert page.locator("#vf-results").inner_text() == "", "what was said of other files"


class TestFirm:
    @pytest.mark.parametrize(
        ("name", "heading", "word"),
        [
            ("firm-drawn.json", "我的企业为什么被抽中？", "抽中"),
            ("firm-not-drawn.json", "我的企业为什么没有抽中？", "未抽中"),
        ],
    )
    def test_three_steps_a_line_and_the_command(self, opened, name, heading, word):
        page = opened()
        choose(page, *pick(bundles.TARGETS, "transcript.json", name))
        answer(page)
        firm = page.locator(".pd-firm")
        told = json.loads((bundles.TARGETS / name).read_bytes())
        code, _, salt = told["line"].split("\t")
        assert firm.get_by_role("heading", name=heading).is_visible()
        assert firm.locator("ol > li").count() == 3
        assert firm.locator("ol > li").last.locator(".lc-tag").inner_text() == word
        assert firm.locator("svg[role=img]").is_visible()
        firm.get_by_text("用一行命令自己算").click()
        assert f"printf %s '{told['seed']}:{code}:{salt}' | sha256sum" in firm.inner_text()
        assert told["ticket"] in firm.inner_text()

    def test_an_answer_added_later_joins_the_draw(self, opened):
        page = opened()
        choose(page, bundles.TARGETS / "transcript.json")
        answer(page)
        choose(page, bundles.TARGETS / "firm-drawn.json")
        page.locator(".pd-firm").wait_for()

    def test_a_forged_answer(self, opened, tmp_path):
        told = json.loads((bundles.TARGETS / "firm-drawn.json").read_bytes())
        told["drawn"], told["index"] = False, told["index"] + 1
        (tmp_path / "firm.json").write_text(json.dumps(told))
        page = opened()
        choose(page, bundles.TARGETS / "transcript.json", tmp_path / "firm.json")
        answer(page)
        firm = page.locator(".pd-firm")
        assert "算不出抽取前公布的名单根" in firm.inner_text()
        assert "firm.json drawn" in firm.inner_text()
        assert "企业自己那一户" in page.locator(".pd-ok").inner_text()


class TestWhatIsHandedIn:
    def test_a_zip_a_second_download_and_a_stranger(self, opened, tmp_path):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as target:
            for path in bundles.TARGETS.iterdir():
                if not path.name.startswith("firm"):
                    target.write(path, f"draw/{path.name}")
            target.writestr("draw/readme.md", "x")
        (tmp_path / "draw-1.zip").write_bytes(held.getvalue())
        shutil.copy(bundles.TARGETS / "firm-drawn.json", tmp_path / "firm (1).json")
        page = opened()
        choose(page, tmp_path / "draw-1.zip", tmp_path / "firm (1).json")
        assert "结果一致" in answer(page).inner_text()
        assert page.locator(".pd-firm").count() == 1
        assert "readme.md" in page.locator("#vf-notes").inner_text()

    def test_a_broken_zip(self, opened, tmp_path):
        (tmp_path / "draw.zip").write_bytes(b"PK\x03\x04 cut off")
        page = opened()
        choose(page, tmp_path / "draw.zip")
        page.get_by_text("不是完整的 .zip 文件").wait_for()

    def test_a_folder_with_two_draws_checks_one_against_the_other(self, opened, tmp_path):
        for name, folder in (("1", bundles.TARGETS), ("1-公安", bundles.INSPECTORS)):
            shutil.copytree(folder, tmp_path / "all" / name)
        page = opened()
        page.get_by_label("选择文件夹").set_input_files(tmp_path / "all")
        answer(page, 1)
        assert page.locator(".vf-draw").count() == 2
        assert page.locator(".vf-draw .n").count() == 0
        assert "记录摘要相符" in question(page, "是哪一次抽取的检查对象").inner_text()

    def test_dropped_on_the_page(self, opened):
        page = opened()
        text = (bundles.TARGETS / "transcript.json").read_text()
        transfer = page.evaluate_handle(
            """(text) => {
              const held = new DataTransfer();
              held.items.add(new File([text], 'transcript.json'));
              return held;
            }""",
            text,
        )
        page.dispatch_event("#vf-zone", "drop", {"dataTransfer": transfer})
        assert "结果一致" in answer(page).inner_text()


def large_draw(size: int) -> dict[str, bytes]:
    number = "洛测抽〔2026〕5号-1"
    codes = Random(3).sample(range(10**9), size)
    frame = bundle.freeze(
        ((f"914103{code:012d}", "ABCD"[code % 4]) for code in codes), bundles.digits("large")
    )
    sizes = {name: sum(code % 4 == at for code in codes) for at, name in enumerate("ABCD")}
    rule = TargetRule(
        draw=number,
        parties=bundles.parties(number, "甲", "乙"),
        beacon=Beacon("骰子", "0 0 0 0 0 0 0 0", bundles.DUE),
        escrow=None,
        frame=bundle.frame_of(frame),
        strata=tuple(Stratum.at_rate(name, held, "1/100") for name, held in sizes.items()),
    ).checked()
    nonces, value = [bundles.digits("nonce 甲"), None], "1 2 3 4 5 6 1 2"
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, begin(rule, nonces, value))
    return {
        "transcript.json": TargetTranscript.of(rule, nonces, value, drawing).file(),
        "frame.tsv": frame,
        "drawn.tsv": drawn_file(drawing.lines),
    }


GAPS = """() => {
  window.widest = 0;
  let last = performance.now();
  const beat = (now) => {
    window.widest = Math.max(window.widest, now - last);
    last = now;
    requestAnimationFrame(beat);
  };
  requestAnimationFrame((now) => { last = now; beat(now); });
}"""


def test_a_list_of_100_000_does_not_freeze_the_tab(opened, tmp_path):
    for name, data in large_draw(100_000).items():
        (tmp_path / name).write_bytes(data)
    page = opened()
    page.evaluate(GAPS)
    widest = []
    for _ in range(6):  # another program may hold the machine
        choose(page, *sorted(tmp_path.iterdir()))
        page.locator("#vf-busy").wait_for()
        page.evaluate("window.widest = 0")
        page.locator("#vf-busy").wait_for(state="hidden", timeout=120_000)
        widest.append(page.evaluate("window.widest"))
        assert "100,000 张逐户重算" in question(page, "每一户的票据").inner_text()
        if widest[-1] < 200:
            break
        page.evaluate("window.widest = 0")
        page.wait_for_timeout(1_000)
        if widest[-1] < 2 * page.evaluate("window.widest"):  # it is held with nothing to compute
            break
    else:
        pytest.fail(f"frames that came so many ms late: {widest}")


def test_it_can_be_stopped(opened, tmp_path):
    for name, data in large_draw(200_000).items():
        (tmp_path / name).write_bytes(data)
    page = opened()
    choose(page, *sorted(tmp_path.iterdir()))
    page.get_by_role("button", name="停止").click()
    page.get_by_text("已停下，没有核对完").wait_for()
    choose(page, bundles.TARGETS / "transcript.json")
    assert "结果一致" in answer(page).inner_text()


def test_without_module_workers_the_page_computes_itself(still_site, new_page):
    page = new_page()
    page.add_init_script("delete window.Worker")
    page.goto(still_site.url + PAGE)
    page.locator("body[data-verifier=ready]").wait_for()
    choose(page, *sorted(bundles.INSPECTORS.iterdir()))
    assert "逐席重算" in answer(page).inner_text()


def test_no_name_in_a_file_becomes_markup(opened, tmp_path):
    text = (bundles.TARGETS / "transcript.json").read_text()
    spoilt = text.replace("市公安局", "<img src=x onerror=alert(1)>")
    (tmp_path / "transcript.json").write_text(spoilt)
    page = opened()
    choose(page, tmp_path / "transcript.json")
    assert "<img src=x onerror=alert(1)>" in answer(page).inner_text()
    assert page.locator(".vf-draw img").count() == 0


@pytest.mark.parametrize("size", [{}, {"options": PHONE}], ids=["desktop", "phone"])
def test_everybody_can_read_it(opened, size, tmp_path):
    page = opened(**size)
    found = faults(page)
    choose(page, *sorted(bundles.TARGETS.iterdir()))
    answer(page)
    for summary in page.locator("summary").all():
        summary.click()
    found += faults(page)
    choose(page, *sorted(bundles.INSPECTORS.iterdir()))
    page.get_by_text("看每个人").click()
    found += faults(page)
    for name, data in target_files(Random(5)).items():
        (tmp_path / name).write_bytes(data.replace(b"0", b"1"))
    choose(page, *sorted(tmp_path.iterdir()))
    page.locator(".vf-bad").wait_for()
    found += faults(page)
    assert found == []


# From the page of a draw


def test_the_files_of_this_site_are_checked_at_once(in_database, site, new_page):
    with in_database():
        draw = w.locked(w.make_world())
        page_of_draw = reverse("disclosure:public_draw", args=[draw.pk])
    page = new_page()
    page.goto(site.url + page_of_draw)
    sent = []
    page.on("request", lambda request: sent.append((request.method, request.post_data)))
    page.get_by_role("link", name="在浏览器里验证").click()
    section = answer(page)
    assert "您的浏览器刚刚重算了一遍，结果一致" in section.inner_text()
    assert draw.number in section.inner_text()
    assert "抽取记录、存证日志" in section.inner_text()
    assert "第 1 层" in section.inner_text()
    assert all(method == "GET" and data is None for method, data in sent)
    page.context.set_offline(True)
    page.get_by_role("button", name="再算一次").click()
    assert "结果一致" in answer(page).inner_text()
    assert faults(page) == []


def test_a_draw_that_shows_nothing_yet_has_no_page(client, db):
    world = w.make_world()
    draw = w.freeze(world)
    for asked in (draw.pk, draw.pk + 1, "x", "9" * 30, "-1"):
        assert client.get(PAGE, {"draw": asked}).status_code == 404
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE).status_code == 405
