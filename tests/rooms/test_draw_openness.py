"""Who sees what, when (draw protocol, §6): every door tried too early, and a guesser at chance.

Source: art. 19; draw protocol, §6; decisions A23, A33.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from liancha.draw import bundles, frozen, queries
from liancha.draw.models import Draw
from liancha.inspection import actions as inspection
from liancha.inspection.models import Visit
from liancha.roster.models import Inspector
from liancha.rulebook import bundle, protocol, sampling
from liancha.rulebook.transcript import TargetTranscript, begin, drawn_file
from tests.rooms import bundles as records
from tests.rooms import draw_world as w
from tests.rooms.disclosure_world import account_of
from tests.rooms.guesser import Firm, auc, scores
from tests.rooms.visit_world import MORNING

FILES = (
    *("transcript.json", "log.json", "rule.json", "frame.tsv", "drawn.tsv", "codes.txt"),
    *("firm.json", "bundle.zip", "secret", "roster.tsv", "pdf", "docx"),
)
SKIPPED = ("static/", "media/", "jobs/", "demo", "logout", "i18n")


# ── The doors ─────────────────────────────────────────────────────────────────────────────────


def routes() -> Iterator[str]:
    """Every address pattern of the site, as text: public/draws/<int:pk>/."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for each in patterns:
            own = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, own)
            elif "(" not in own and not own.startswith(SKIPPED):
                yield own

    yield from walk(get_resolver().url_patterns, "")


def addresses(numbers: list[int], words: list[str]) -> list[str]:
    """The same with these numbers and words in place of whatever they ask for."""
    made = []
    for route in routes():
        filled = [route]
        for kind in re.findall(r"<(?:(\w+):)?\w+>", route):
            choices = map(str, numbers) if kind == "int" else words
            filled = [
                re.sub(r"<[^>]+>", choice, each, count=1) for choice in choices for each in filled
            ]
        made += [f"/{each}" for each in filled[:24]]
    return list(dict.fromkeys(made))


def answers(client: Client, places: list[str]) -> dict[str, str]:
    """What is said at each place that answers; no place may fall over."""
    found = {}
    for place in places:
        answer = client.get(place)
        assert answer.status_code < 500, place
        if answer.status_code == 200:
            data = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if data.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    data = b"\n".join(archive.read(name) for name in archive.namelist())
            found[place] = plain(data.decode(errors="replace"))
    return found


def plain(text: str) -> str:
    """Without what is new with every answer."""
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]+"', "", text)


def drawn(**options: object) -> tuple[w.World, Draw, list[frozen.Line], set[str]]:
    """A world whose list is locked and dispatched, its candidates, and the drawn codes."""
    world = w.make_world(classes="A" * 16 + "B" * 8, participants=("GA", "WJ"), people=3, **options)
    draw = w.dispatched(world)
    codes = set(draw.drawn.values_list("candidate__code", flat=True))
    return world, draw, frozen.lines(draw), codes


@pytest.fixture
def drawn_world(db) -> tuple[w.World, Draw, list[frozen.Line], set[str]]:
    return drawn()


def numbers_of(draw: Draw) -> list[int]:
    """What a guesser of addresses would try first."""
    return sorted({draw.pk, draw.task_id})


def registry(pool: list[frozen.Line]) -> list[Firm]:
    """What a stranger may know of them all beforehand: even the classes, which he should not."""
    return [Firm(line.code, line.stratum, line.name) for line in pool]


class TestStranger:
    def test_everything_public_tells_no_drawn_firm_from_another(self, db, client, monkeypatch):
        """Every address guessed, every question asked about a firm; then the same with a leak.

        Of each class half is drawn: whoever knows nothing comes out of the bounds once in 30,000
        draws, which with one or two of 24 he does every thirtieth time or so.
        """
        _, draw, pool, codes = drawn(rates=(("A", "1/2"), ("B", "1/2")))
        found = answers(client, addresses(numbers_of(draw), [*FILES]))
        assert f"/public/draws/{draw.pk}/transcript.json" in found
        assert not [place for place in found if place.startswith(("/tasks", "/draws", "/visits"))]
        assert len(found) > 10
        said = scores(registry(pool), found.values())
        hits = [line.code in codes for line in pool]
        assert abs(auc(said, hits) - 0.5) < 0.45, "one small draw: sure knowledge is 1.0"
        for line in pool:
            where = [place for place, text in found.items() if line.code in text]
            assert where == [], line.name
        plain_routes = {f"/{each}" for each in routes()}
        doors = [place for place in found if place in plain_routes]
        self._asked_for_a_firm_every_door_answers_alike(client, doors, pool, codes)
        self._a_frame_that_leaks_gives_everybody_away(client, draw, pool, codes, monkeypatch)

    def _asked_for_a_firm_every_door_answers_alike(self, client, doors, pool, codes):
        """Search, export, JSON, by name and by code, drawn or not: the same but for the asking."""
        inside = next(line for line in pool if line.code in codes)
        outside = next(line for line in pool if line.code not in codes)
        assert len(doors) > 5
        for place in doors:
            said = []
            for line in (inside, outside):
                asked = f"{place}?q={line.name}", f"{place}?q={line.code}&code={line.code}"
                whole = "".join(answers(client, [*asked]).values())
                said.append(whole.replace(line.name, "").replace(line.code, ""))
            assert said[0] == said[1], place

    def _a_frame_that_leaks_gives_everybody_away(self, client, draw, pool, codes, monkeypatch):
        """The mutation that shows the test above can fail."""
        monkeypatch.setattr(queries, "is_public", lambda draw, name, now: True)
        monkeypatch.setattr(
            "liancha.disclosure.files.queries.is_public", lambda draw, name, now: True
        )
        place = f"/public/draws/{draw.pk}/"
        found = answers(client, [place + name for name in ("transcript.json", "frame.tsv")])
        said = scores(registry(pool), found.values())
        assert auc(said, [line.code in codes for line in pool]) == 1.0


class TestColleague:
    """People with an account who have no part in the draw: no sooner than the public."""

    @pytest.mark.parametrize("name", ["zhou", "pei"])
    def test_no_page_names_only_drawn_firms_and_a_firms_page_is_that_of_any_other(
        self, drawn_world, name
    ):
        world, draw, pool, codes = drawn_world
        client = w.as_(world, name)
        places = [p for p in addresses(numbers_of(draw), [*FILES]) if "/targets/" not in p]
        for place, text in answers(client, places).items():
            named = {line.code for line in pool if line.code in text or line.name in text}
            assert not named or named - codes, (place, named)
        inside = next(line for line in pool if line.code in codes)
        outside = next(
            line
            for line in pool
            if line.code not in codes and line.region_name == inside.region_name
        )
        shown = [
            answers(client, [f"/targets/{line.target}/"])
            .get(f"/targets/{line.target}/", "")
            .replace(line.name, "")
            .replace(line.code, "")
            .replace(line.address, "")
            .replace(f"/{line.target}/", "")
            for line in (inside, outside)
        ]
        words = [set(re.findall(r"[一-鿿]+", text)) for text in shown]
        assert words[0] == words[1]

    @pytest.mark.parametrize("name", ["zhou", "pei"])
    def test_nor_once_teams_are_formed_and_days_are_set(self, drawn_world, name):
        world, draw, pool, codes = drawn_world
        for inspector in Inspector.objects.all():
            inspector.user = account_of(inspector)
            inspector.save(update_fields=["user"])
        for part in world.task.participations.all():
            part.items.set(world.task.field.items.filter(department=part.department))
        for department in ("GA", "WJ"):
            w.draw_inspectors(world, department)
        world.task.refresh_from_db()
        inspection.form_teams(task=world.task, by=world.cast.shen, at=w.NOON)
        visits = list(Visit.objects.of_task(world.task))
        inspection.plan_visits(
            visits=visits,
            planned_on=MORNING.date(),
            slot="09:00",
            by=world.cast.shen,
            at=w.NOON,
        )
        assert len(visits) == len(codes)
        numbers = [*numbers_of(draw), visits[0].pk]
        places = [p for p in addresses(numbers, [*FILES]) if "/targets/" not in p]
        told = answers(w.as_(world, name), places)
        for place, text in told.items():
            named = {line.code for line in pool if line.code in text or line.name in text}
            assert not named or named - codes, (place, named)
        own = answers(w.as_(world, "shen"), [f"/tasks/{world.task.pk}/teams/"])
        assert any(line.name in text for text in own.values() for line in pool)


# ── The guesser, over many draws ──────────────────────────────────────────────────────────────


def one_draw(number: int) -> tuple[list[Firm], list[bool], list[str], str]:
    """A whole draw by the protocol alone: registry, who is drawn, what is public, the secret."""
    secret = sha256(f"secret {number}".encode()).hexdigest()
    firms = [
        Firm(w.code(1000 * number + n), "ABCD"[n % 4], f"第{number}批{n}号") for n in range(120)
    ]
    frame = bundle.freeze(((firm.code, firm.stratum) for firm in firms), secret)
    name = f"洛测抽〔2026〕{number}号-1"
    rule = protocol.TargetRule(
        draw=name,
        parties=records.parties(name, "市公安局", "市司法局"),
        beacon=protocol.Beacon("十枚骰子", "0 0 0 0 0 0 0 0", records.DUE),
        escrow=None,
        frame=bundle.frame_of(frame),
        strata=tuple(protocol.Stratum.at_rate(each, 30, "1/5") for each in "ABCD"),
    ).checked()
    nonces = [records.digits("nonce 市公安局"), records.digits("nonce 市司法局")]
    value = " ".join(f"{number:08d}")
    seed = begin(rule, nonces, value)
    drawing = sampling.draw_targets(frame.splitlines(), rule.strata, seed)
    record = TargetTranscript.of(rule, nonces, value, drawing)
    assert len(drawn_file(drawing.lines).splitlines()) == 24
    hits = [firm.code in set(drawing.codes) for firm in firms]
    return firms, hits, [record.file().decode(), rule.text, record.digest], secret


def test_over_many_draws_the_guesser_does_no_better_than_chance():
    """Seed, thresholds, sizes, digests and the whole registry: nothing without the salts.

    24 draws with 24 of 120 drawn: the mean AUC of a guesser who knows nothing has a standard
    deviation of about 0.0134 (Mann-Whitney, 0.066 a draw); four of them are allowed.
    """
    found = []
    for number in range(1, 25):
        firms, hits, public, _ = one_draw(number)
        found.append(auc(scores(firms, public), hits))
    assert abs(sum(found) / len(found) - 0.5) < 0.054


@pytest.mark.parametrize("leak", ["secret", "frame", "codes"])
def test_the_same_guesser_wins_as_soon_as_anything_leaks(leak):
    """The mutation that shows the test above can fail."""
    firms, hits, public, secret = one_draw(7)
    frame = bundle.freeze(((firm.code, firm.stratum) for firm in firms), secret).decode()
    codes = "\n".join(firm.code for firm, hit in zip(firms, hits, strict=True) if hit)
    leaked = {"secret": f'{{"x":"{secret}"}}', "frame": frame, "codes": codes}[leak]
    assert auc(scores(firms, [*public, leaked]), hits) == 1.0


def test_digests_that_are_public_cover_the_salts():
    """§6: no digest of anything that lists drawn codes is public unless it covers the salts.

    With the codes guessed right the digest of drawn.tsv still cannot be told from another.
    """
    firms, hits, public, _ = one_draw(3)
    text = "\n".join(public)
    drawn = [firm.code for firm, hit in zip(firms, hits, strict=True) if hit]
    for guess in (
        bundle.codes_file(drawn),
        "".join(f"{code}\n" for code in drawn).encode(),
        ",".join(sorted(drawn)).encode(),
    ):
        assert sha256(guess).hexdigest() not in text
    assert bundles.DRAWN == "drawn.tsv"
