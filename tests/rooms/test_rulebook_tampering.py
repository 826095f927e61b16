"""The verifier at each level, and the ways in which somebody might tamper with a draw."""

import json

import pytest

from liancha.rulebook import bundle, form, protocol, publiclog, sampling, verify
from liancha.rulebook.findings import Level, Report, Topic
from liancha.rulebook.protocol import Reference, Stratum, TargetRule
from liancha.rulebook.transcript import TargetTranscript, begin, drawn_file
from tests.rooms import bundles
from tests.rooms.bundles import INSPECTOR_FILES as INSPECTORS
from tests.rooms.bundles import TARGET_FILES as TARGETS
from tests.rooms.bundles import bad, topics

# Levels


class TestLevels:
    def test_with_a_file_missing_the_lower_level_is_named(self):
        for name in ("frame.tsv", "drawn.tsv"):
            report = verify.check({key: TARGETS[key] for key in TARGETS if key != name})
            assert report.is_good
            text = "\n".join(report.lines())
            assert f"缺少 {name}，未做完整核对" in text
            assert Level.FULL not in report.levels
            assert Level.TRANSCRIPT in report.levels

    def test_the_transcript_alone(self):
        report = verify.check({"transcript.json": TARGETS["transcript.json"]})
        assert report.is_good
        assert report.levels == [Level.TRANSCRIPT]

    @pytest.mark.parametrize(
        ("level", "missing"),
        [(Level.FULL, "frame.tsv、drawn.tsv"), (Level.LOG, "log.json"), (Level.FIRM, "firm.json")],
    )
    def test_a_level_that_is_asked_for_and_cannot_be_checked_is_refused(self, level, missing):
        report = verify.check({"transcript.json": TARGETS["transcript.json"]}, level=level)
        assert not report.is_good
        assert bad(report) == [f"✗ 级别：缺少 {missing}，不能做{level.label}核对"]

    def test_inspectors_with_one_input_missing(self):
        files = {key: INSPECTORS[key] for key in INSPECTORS if key != "needs.tsv"}
        report = verify.check(files)
        assert report.is_good
        assert Level.FULL not in report.levels
        assert not verify.check(files, level=Level.FULL).is_good

    def test_one_list_alone_is_still_held_against_the_record(self):
        for name in ("frame.tsv", "drawn.tsv"):
            files = {
                "transcript.json": TARGETS["transcript.json"],
                name: TARGETS[name][:-40] + b"\n",
            }
            assert not verify.check(files).is_good

    def test_a_lower_level_does_not_look_at_the_lists(self):
        files = {**TARGETS, "frame.tsv": b"broken"}
        assert verify.check(files, level=Level.TRANSCRIPT).is_good
        assert not verify.check(files).is_good

    def test_without_a_transcript_nothing_can_be_checked(self):
        report = verify.check({"frame.tsv": TARGETS["frame.tsv"]})
        assert bad(report) == ["✗ 文件：缺少 transcript.json，没有它什么都不能核对"]
        assert not report.is_good


# Stories of tampering, told with good hashes where a forger would make them good


def forged(**changes: object) -> dict[str, bytes]:
    """The draw again, from the same ceremony, after somebody changed what was frozen."""
    made = bundles.target_draw()
    frame = changes.get("frame", made.files["frame.tsv"])
    rule = made.transcript.rule
    assert isinstance(rule, TargetRule)
    assert isinstance(frame, bytes)
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, made.transcript.seed)
    data = drawn_file(drawing.lines)
    record = json.loads(made.files["transcript.json"])
    record["drawn"]["sha256"] = protocol.file_digest(data)
    for stratum, threshold in zip(record["strata"], drawing.thresholds, strict=True):
        stratum["threshold"] = threshold
    return {
        "transcript.json": json.dumps(record).encode(),
        "frame.tsv": frame,
        "drawn.tsv": data,
    }


def test_a_friend_left_out_after_the_freeze_shows_in_the_root():
    lines = TARGETS["drawn.tsv"].splitlines()
    code = lines[1].split(b"\t")[3]
    frame = TARGETS["frame.tsv"]
    (victim,) = (line for line in frame.splitlines(keepends=True) if line.startswith(code))
    stranger = victim.replace(code, code[:-1] + b"X")
    frame = b"".join(sorted(frame.replace(victim, stranger).splitlines(keepends=True)))
    report = verify.check(forged(frame=frame))
    assert Topic.FRAME in topics(report)
    assert any("root" in line for line in bad(report))


def test_a_drawn_firm_swapped_for_another_shows_in_tickets_and_list():
    lines = TARGETS["drawn.tsv"].splitlines(keepends=True)
    drawn = {line.split(b"\t")[3] for line in lines}
    code, _, salt = next(
        line.split(b"\t")
        for line in TARGETS["frame.tsv"].splitlines()
        if line.split(b"\t")[0] not in drawn and line.split(b"\t")[1] == b"A"
    )
    seed = json.loads(TARGETS["transcript.json"])["seed"]
    own = sampling.ticket(seed, code.decode(), salt.decode()).encode()
    data = b"\t".join([b"A", b"1", own, code, salt]) + b"\n" + b"".join(lines[1:])
    report = verify.check({**TARGETS, "drawn.tsv": data})
    text = "\n".join(bad(report))
    assert "drawn.tsv 第 1 行：票据大于本层的抽中线" in text
    assert "drawn.tsv 第 1 行：复算为" in text


def test_another_beacon_value_shows_in_the_seed_alone():
    record = json.loads(TARGETS["transcript.json"])
    record["beacon"]["value"] = "1 1 1 1 1 1 1 1"
    report = verify.check(
        {**TARGETS, "transcript.json": json.dumps(record).encode()}, level=Level.FULL
    )
    assert topics(report) == {Topic.SEED}


def test_a_nonce_that_is_not_the_committed_one_names_its_party():
    record = json.loads(TARGETS["transcript.json"])
    record["parties"][1]["nonce"] = "0" * 64
    report = verify.check({"transcript.json": json.dumps(record).encode()})
    assert any("市市场监管局揭示的随机数与承诺不符" in line for line in bad(report))


class TestLog:
    def log(self, change) -> Report:
        made = bundles.target_draw()
        rule = made.transcript.rule
        facts = {
            "freeze": {"frame": rule.frame.as_json()},
            "rule": {"rule_digest": rule.digest},
            "close": {"missing": made.transcript.missing},
            "draw": {"transcript": made.transcript.digest},
        }
        number, entries = change(rule.draw, list(facts.items()))
        data = bundles.public_log(number, entries).file()
        return verify.check({**made.files, "log.json": data})

    def test_an_honest_log(self):
        assert self.log(lambda number, entries: (number, entries)).is_good

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda n, e: ("洛测抽〔2026〕2号-1", e), "属于另一次抽取"),
            (lambda n, e: (n, e[:3]), "缺少 draw 条目"),
            (lambda n, e: (n, e[1:]), "缺少 freeze 条目"),
            (lambda n, e: (n, [*e, e[1]]), "rule 有 2 条"),
            (lambda n, e: (n, [e[1], e[0], *e[2:]]), "次序应为"),
            (lambda n, e: (n, [e[0], ("rule", {"rule_digest": "0" * 64}), *e[2:]]), "rule_digest"),
            (lambda n, e: (n, [e[0], ("rule", {}), *e[2:]]), "rule_digest"),
            (lambda n, e: (n, [*e[:2], ("close", {"missing": []}), e[3]]), "missing"),
            (lambda n, e: (n, [*e[:2], ("close", {"missing": None}), e[3]]), "missing"),
            (lambda n, e: (n, [*e[:3], ("draw", {"transcript": "x"})]), "transcript"),
            (lambda n, e: (n, [*e, ("party", {})]), "不该有"),
        ],
    )
    def test_entries_that_say_something_else(self, change, said):
        report = self.log(change)
        assert topics(report) == {Topic.LOG}
        assert any(said in line for line in bad(report)), bad(report)

    def test_commitments_may_stand_with_them(self):
        report = self.log(lambda n, e: (n, [e[0], ("commit", {"party": "市公安局"}), *e[1:]]))
        assert report.is_good

    def test_a_void_draw_is_said_to_be_void(self):
        report = self.log(lambda n, e: (n, [*e[:3], ("void", {"reason": "断电"})]))
        assert report.is_good
        assert "日志记明这次抽取已作废" in "\n".join(report.lines())

    def test_a_rule_proven_only_by_the_last_checkpoint_is_refused(self):
        made = bundles.target_draw()
        log = publiclog.read_log(made.files["log.json"])
        tree_of_all = log.checkpoints[-1]
        record = json.loads(log.file())
        for entry in record["entries"]:
            entry["checkpoint"] = 3
            entry["path"] = [
                node.hex() for node in made.log.inclusion(entry["index"], tree_of_all.size)
            ]
        report = verify.check({**made.files, "log.json": json.dumps(record).encode()})
        text = "\n".join(bad(report))
        assert "规则要用 close 之前的检查点证明" in text
        assert "揭示截止要用 draw 之前的检查点证明" in text

    def test_a_close_cosigned_after_the_draw_was_due_is_refused_by_its_own_word(self):
        log = publiclog.read_log(TARGETS["log.json"])
        due = protocol.due_at(bundles.DUE)
        assert publiclog.late_cosigning(log, due) == []
        (problem,) = publiclog.late_cosigning(log, min(log.checkpoints[2].cosigned_at()))
        assert "不早于开奖时间" in problem.message


class TestCodesAlone:
    """All that is opened of a confidential draw must still be codes."""

    @pytest.mark.parametrize(
        "spoilt", [b"", b"a:b", b"a\tb", b"a\r", "e\u0301".encode(), "\ufeffZ".encode()]
    )
    def test_what_is_no_code_is_refused(self, spoilt):
        lines = sorted(line + b"\n" for line in [spoilt, *TARGETS["codes.txt"].splitlines()[1:]])
        files = {
            "transcript.json": TARGETS["transcript.json"],
            "codes.txt": b"".join(lines),
        }
        assert any("codes.txt" in line for line in bad(verify.check(files)))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_no_json_at_its_place(word):
    text = f'{{"a":"NaN \\" Infinity",\n "b":{word}}}'
    with pytest.raises(form.Refused, match="第 2 行第 6 字起不是 JSON"):
        form.load_json(text, "x")


class TestSupplement:
    """A supplementary batch: the earlier pool minus the drawn, fresh salts."""

    def files(self, frame: bytes) -> dict[str, bytes]:
        first = bundles.target_draw()
        number = "洛测抽〔2026〕2号-1"
        sizes = bundle.read_frame(frame).sizes
        rule = TargetRule(
            draw=number,
            parties=bundles.parties(number, "市公安局", "市司法局"),
            beacon=first.transcript.rule.beacon,
            escrow=None,
            frame=bundle.frame_of(frame),
            strata=tuple(Stratum.at_rate(name, size, "1/3") for name, size in sizes.items()),
            supplements=Reference(first.transcript.rule.draw, first.transcript.digest),
        ).checked()
        nonces = [bundles.digits("nonce 市公安局"), bundles.digits("nonce 市司法局")]
        seed = begin(rule, nonces, "1 2 3 4 5 6 1 2")
        drawing = sampling.draw_targets(frame.splitlines(), rule.strata, seed)
        transcript = TargetTranscript.of(rule, nonces, "1 2 3 4 5 6 1 2", drawing)
        return {
            "transcript.json": transcript.file(),
            "frame.tsv": frame,
            "drawn.tsv": drawn_file(drawing.lines),
        }

    def left(self) -> list[tuple[str, str]]:
        drawn = set(TARGETS["codes.txt"].decode().splitlines())
        lines = (line.split("\t") for line in TARGETS["frame.tsv"].decode().splitlines())
        return [(code, stratum) for code, stratum, _ in lines if code not in drawn]

    def test_the_rest_of_the_pool_with_fresh_salts(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        report = verify.check(files, earlier=[TARGETS])
        assert report.is_good
        assert "候选是那次的名单减去已抽中的" in "\n".join(report.lines())

    def test_an_earlier_list_that_is_not_its_own_records_is_refused(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        for name, spoilt in (
            ("frame.tsv", b"no tabs at all\n" + TARGETS["frame.tsv"]),
            ("frame.tsv", TARGETS["frame.tsv"] + b"\n\t\n"),
            ("drawn.tsv", TARGETS["drawn.tsv"].split(b"\n", 1)[1]),
        ):
            report = verify.check(files, earlier=[TARGETS | {name: spoilt}])
            assert f"前一批的 {name}" in "\n".join(bad(report))

    def test_a_frame_of_a_supplement_without_tabs_gives_sentences(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        files["frame.tsv"] = b"no tabs\n\n" + files["frame.tsv"]
        report = verify.check(files, earlier=[TARGETS])
        assert not report.is_good
        assert "第 1 行" in "\n".join(bad(report))

    def test_without_the_earlier_folder_it_is_said_to_be_open(self):
        files = self.files(bundle.freeze(self.left(), bundles.digits("second secret")))
        report = verify.check(files)
        assert report.is_good
        assert "未核对；可用 --with 给出它的文件夹" in "\n".join(report.lines())

    @pytest.mark.parametrize(
        ("spoil", "secret", "said"),
        [
            (lambda left: left[1:], "second secret", "候选应为前一批的名单减去已抽中的"),
            (lambda left: [*left, ("9", "A")], "second secret", "候选应为"),
            (lambda left: [(left[0][0], "D"), *left[1:]], "second secret", "候选应为"),
            (lambda left: left, "secret", "盐与前一批的相同"),
        ],
    )
    def test_another_pool_or_old_salts_are_refused(self, spoil, secret, said):
        files = self.files(bundle.freeze(spoil(self.left()), bundles.digits(secret)))
        report = verify.check(files, earlier=[TARGETS])
        assert topics(report) == {Topic.EARLIER}
        assert any(said in line for line in bad(report))

    def test_another_draw_than_the_one_named_is_refused(self):
        assert topics(verify.check(INSPECTORS, earlier=[INSPECTORS])) == {Topic.EARLIER}
        assert verify.check(INSPECTORS, earlier=[TARGETS]).is_good
