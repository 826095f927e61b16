"""The verifying command as an outsider runs it, with the standard library alone."""

import json
import os
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from random import Random

import pytest

from liancha.rulebook import verify
from liancha.rulebook.findings import Level
from tests.rooms import bundles
from tests.rooms.bundles import TARGET_FILES as TARGETS
from tests.rooms.bundles import bad
from tests.rooms.random_draws import supplement_files

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT.parent / "shared" / "spec"
worked_example = pytest.mark.skipif(
    not SPEC.is_dir(), reason="the protocol's worked example is not beside this repository"
)


RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1));"
    "runpy.run_module('liancha.rulebook.verify', run_name='__main__', alter_sys=True)"
)


def command(*words: object, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """Isolated, without site packages: neither Django nor anything else can be imported."""
    python = [sys.executable, "-I", "-S", "-X", f"utf8={int(encoding == 'utf-8')}"]
    found = subprocess.run(
        [*python, "-c", SPEAK.format(encoding) + RUN, str(ROOT), *map(str, words)],
        capture_output=True,
        timeout=300,
    )
    answer = subprocess.CompletedProcess(
        found.args, found.returncode, found.stdout.decode(encoding), found.stderr.decode("utf-8")
    )
    assert "Traceback" not in answer.stderr
    return answer


SPEAK = "import sys; sys.stdout.reconfigure(encoding={0!r}, errors='strict');"


class TestCommand:
    def test_it_needs_nothing_but_python(self):
        answer = command(bundles.TARGETS)
        assert answer.returncode == 0
        assert answer.stdout.splitlines()[-1].startswith("结论：相符。核对级别：完整（full）")
        assert answer.stderr == ""
        probe = subprocess.run(
            [sys.executable, "-I", "-S", "-c", "import django"], capture_output=True
        )
        assert probe.returncode == 1

    def test_the_documented_words(self):
        answer = subprocess.run(
            [sys.executable, "-m", "liancha.rulebook.verify", bundles.INSPECTORS],
            cwd=ROOT,
            capture_output=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert answer.returncode == 0
        assert "结论：相符" in answer.stdout.decode()

    def test_a_changed_byte_is_named_with_status_1(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        path = folder / "frame.tsv"
        path.write_bytes(path.read_bytes().replace(b"9", b"8", 1))
        answer = command(folder)
        assert answer.returncode == 1
        assert "✗ 名单先定：" in answer.stdout
        assert answer.stdout.splitlines()[-1].startswith("结论：不符，问题在：名单先定")

    def test_full_is_refused_with_a_file_missing(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        (folder / "drawn.tsv").unlink()
        assert command(folder).returncode == 0
        answer = command(folder, "--level", "full")
        assert answer.returncode == 1
        assert "缺少 drawn.tsv，不能做完整核对" in answer.stdout

    def test_one_firm(self, tmp_path):
        transcript = bundles.TARGETS / "transcript.json"
        for name in ("firm-drawn.json", "firm-not-drawn.json"):
            answer = command(bundles.TARGETS / name, "--transcript", transcript)
            assert answer.returncode == 0
            assert "企业自查（firm）" in answer.stdout
        renamed = shutil.copy(bundles.TARGETS / "firm-drawn.json", tmp_path / "我的.json")
        assert command(renamed, "--transcript", transcript).returncode == 0
        other = command(renamed, "--transcript", bundles.INSPECTORS / "transcript.json")
        assert other.returncode == 1
        assert "里面没有企业" in other.stdout

    @pytest.mark.parametrize(
        "words",
        [
            (),
            ("a", "b"),
            (bundles.TARGETS, "--level", "most"),
            (bundles.TARGETS / "firm-drawn.json",),
            (bundles.TARGETS, "--transcript", "x"),
            (bundles.TARGETS, "--with", "nowhere"),
            (bundles.TARGETS / "firm-drawn.json", "--transcript", "x", "--level", "full"),
        ],
    )
    def test_called_wrongly_is_status_2(self, words):
        answer = command(*words)
        assert answer.returncode == 2
        assert "用法有误" in answer.stderr

    @pytest.mark.parametrize("name", ["nowhere", "x" * 5000, "with\nbreak"])
    def test_a_path_that_is_not_there(self, name):
        answer = command(name)
        assert answer.returncode == 1
        assert "不存在" in answer.stdout

    def test_folders_and_strange_things_in_the_place_of_files(self, tmp_path):
        folder = shutil.copytree(bundles.TARGETS, tmp_path / "draw")
        (folder / "frame.tsv").unlink()
        (folder / "frame.tsv").mkdir()
        (folder / "drawn.tsv").unlink()
        (folder / "drawn.tsv").symlink_to("nowhere")
        (folder / "log.json").unlink()
        os.mkfifo(folder / "log.json")
        (folder / "notes.txt").write_text("x")
        answer = command(folder)
        assert answer.returncode == 1
        assert "「frame.tsv」 是文件夹，不是文件" in answer.stdout
        assert "「drawn.tsv」 不存在" in answer.stdout
        assert "「log.json」 不是文件" in answer.stdout
        assert "不认识的文件未核对：「notes.txt」" in answer.stdout

    def test_an_empty_folder(self, tmp_path):
        answer = command(tmp_path)
        assert answer.returncode == 1
        assert "缺少 transcript.json" in answer.stdout
        assert answer.stdout.splitlines()[-1].startswith("结论：不能核对")

    def test_a_screen_that_has_only_ascii(self):
        answer = command(bundles.TARGETS, encoding="ascii")
        assert answer.returncode == 0
        lines = answer.stdout.splitlines()
        assert all(line.startswith(("[ok] ", "[--] ")) for line in lines[:-1])
        assert lines[-1] == "verdict: MATCH; level: full, log, firm"
        assert command("--help", encoding="ascii").returncode == 0

    def test_a_screen_that_has_gbk_reads_chinese(self):
        answer = command(bundles.TARGETS, encoding="gbk")
        assert answer.returncode == 0
        assert "√ 种子：" in answer.stdout
        assert "结论：相符" in answer.stdout

    def test_a_reader_who_has_seen_enough(self):
        words = [sys.executable, "-m", "liancha.rulebook.verify", str(bundles.TARGETS)]
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert run.stdout is not None
        run.stdout.close()
        assert run.stderr is not None
        assert run.stderr.read() == b""
        assert run.wait(300) == 0


class TestByHand:
    """The shell lines of docs/draw.md, run as they stand there."""

    PAGE = (ROOT / "docs" / "draw.md").read_text(encoding="utf-8")

    def line(self, beginning: str) -> str:
        (found,) = (line for line in self.PAGE.splitlines() if line.startswith(beginning))
        return found

    def run(self, script: str, at: Path = bundles.TARGETS, **names: str) -> list[str]:
        bash = shutil.which("bash")
        if bash is None or shutil.which("sha256sum") is None:
            pytest.skip("the documented lines want bash and sha256sum")
        found = subprocess.run(
            [bash, "-c", script],
            cwd=at,
            env={**os.environ, **names},
            capture_output=True,
            check=True,
            text=True,
            encoding="utf-8",
        )
        return found.stdout.splitlines()

    def test_the_whole_list(self):
        record = json.loads(TARGETS["transcript.json"])
        lines = self.run(self.line("while IFS="), SEED=record["seed"])
        drawn = []
        for stratum in record["strata"]:
            own = [line for line in lines if line.split("\t")[0] == stratum["name"]]
            drawn += own[: stratum["count"]]
        published = (line.split("\t") for line in TARGETS["drawn.tsv"].decode().splitlines())
        assert drawn == ["\t".join((name, own, code)) for name, _, own, code, _ in published]

    @pytest.mark.django_db
    def test_the_public_page_has_the_same_line(self, client):
        page = unescape(client.get("/public/verify/").content.decode())
        assert f"\n{self.line('while IFS=')}</pre>" in page

    def test_a_changed_byte_gives_another_list_or_another_file_hash(self, tmp_path):
        record = json.loads(TARGETS["transcript.json"])
        told = [record["frame"]["sha256"], record["drawn"]["sha256"]]
        script = "sha256sum frame.tsv drawn.tsv | cut -c1-64"
        assert self.run(script) == told
        for name in ("frame.tsv", "drawn.tsv"):
            for other in ("frame.tsv", "drawn.tsv"):
                (tmp_path / other).write_bytes(TARGETS[other])
            data = TARGETS[name]
            (tmp_path / name).write_bytes(bytes([data[0] ^ 1]) + data[1:])
            assert self.run(script, at=tmp_path) != told
        seed = record["seed"]
        other = ("1" if seed[0] != "1" else "2") + seed[1:]
        line = self.line("while IFS=")
        assert self.run(line, SEED=other) != self.run(line, SEED=seed)

    def test_a_supplement_against_the_list_before_it(self, tmp_path):
        pairs = (supplement_files(Random(seed)) for seed in range(60))
        second, first = next(pair for pair in pairs if pair is not None)
        for name, files in (("first", first), ("second", second)):
            (tmp_path / name).mkdir()
            for file, data in files.items():
                (tmp_path / name / file).write_bytes(data)
        line = self.line("comm -23")
        assert self.run(line, at=tmp_path) == ["一致"]
        record = json.loads(second["transcript.json"])
        ranked = self.run(self.line("while IFS="), at=tmp_path / "second", SEED=record["seed"])
        drawn = []
        for stratum in record["strata"]:
            own = [row for row in ranked if row.split("\t")[0] == stratum["name"]]
            drawn += own[: stratum["count"]]
        published = (row.split("\t") for row in second["drawn.tsv"].decode().splitlines())
        assert drawn == ["\t".join((name, own, code)) for name, _, own, code, _ in published]
        frame = tmp_path / "second" / "frame.tsv"
        frame.write_bytes(frame.read_bytes().split(b"\n", 1)[1])
        with pytest.raises(subprocess.CalledProcessError):
            self.run(line, at=tmp_path)

    def test_one_ticket(self):
        answer = json.loads(TARGETS["firm-drawn.json"])
        code, _, salt = answer["line"].split("\t")
        (line,) = self.run(self.line("printf %s"), SEED=answer["seed"], CODE=code, SALT=salt)
        assert line.split()[0] == answer["ticket"]


@worked_example
class TestWorkedExample:
    @pytest.mark.parametrize("name", ["draw-example", "assignment-example"])
    def test_it_is_accepted_in_full(self, name):
        files = {path.name: path.read_bytes() for path in (SPEC / name).iterdir()}
        report = verify.check(files, level=Level.FULL)
        assert bad(report) == []
        assert Level.FULL in report.levels

    def test_every_byte_of_its_lists_counts(self):
        files = {path.name: path.read_bytes() for path in (SPEC / "draw-example").iterdir()}
        for name in ("frame.tsv", "drawn.tsv"):
            data = files[name]
            for at in range(len(data)):
                spoilt = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                report = verify.check({**files, name: spoilt})
                assert any(name in line for line in bad(report)), at
