"""Before a draw opens, an answer about a drawn firm takes no other work than about any other.

Not the clock is compared, which says little on a busy machine, but what makes it run: the
questions put to the database, one by one, and the bytes of the answer. Whoever measures times from
outside learns nothing that does not show here first.

Source: art. 19; draw protocol, §6, the same answer for whoever asks earlier.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import NamedTuple

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liancha.disclosure import actions, firms
from liancha.draw import frozen
from liancha.draw.models import Draw, DrawnTarget
from liancha.registry.models import Target
from tests.rooms import draw_world as w
from tests.rooms.test_draw_openness import plain, routes

pytestmark = pytest.mark.django_db
OWN = ("own/<str:token>/", "own/<str:token>/<int:pk>/", "own/<str:token>/<int:pk>/firm.json")


@pytest.fixture(autouse=True)
def at_one_moment(time_machine):
    """After a minute a log-in is prolonged, at whichever of the firms that comes."""
    time_machine.move_to(timezone.now(), tick=False)


class Work(NamedTuple):
    """What an answer took: its status, its bytes, and every question asked, without the values."""

    status: int
    size: int
    questions: tuple[str, ...]


class Firm(NamedTuple):
    line: frozen.Line
    token: str

    def plain(self, text: str) -> str:
        """Without what the asker knows beforehand: the firm's own particulars and address."""
        for known in (self.token, self.line.name, self.line.code, self.line.address):
            text = text.replace(known, "")
        return text.replace(f"/targets/{self.line.target}/", "")

    def filled(self, route: str, draw: Draw) -> str:
        """This firm's own address under a route."""
        pk = draw.pk if route.startswith("own/") else self.line.target
        return "/" + route.replace("<str:token>", self.token).replace("<int:pk>", str(pk))


def work(client: Client, place: str, firm: Firm) -> Work:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(place)
        said = body(answer)
    questions = tuple(_shape(each["sql"]) for each in asked)
    return Work(answer.status_code, len(firm.plain(said).encode()), questions)


def body(answer: HttpResponse | StreamingHttpResponse) -> str:
    """All it says, a workbook unpacked, without what is new in every answer."""
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"\n".join(book.read(name) for name in sorted(book.namelist()))
    return plain(data.decode(errors="replace"))


def _shape(sql: str) -> str:
    """Without values and the names that a connection makes up."""
    return re.sub(r"(?:'[^']*')+|\b\d+\b|\bs\d+_x\d+\b|\b_django_curs_\w+", "?", sql)


@pytest.fixture
def sides() -> tuple[w.World, Draw, list[Firm], list[Firm]]:
    """A locked draw; of its pool some firms that were drawn and some that were not, of one district
    and with numbers of one length, so that their pages differ in nothing else.
    """
    world = w.make_world(
        classes="A" * 48, rates=[("A", "1/3")], participants=("GA", "WJ"), people=3
    )
    draw = w.dispatched(world)
    codes = set(draw.drawn.values_list("candidate__code", flat=True))
    alike: dict[tuple[str, str], tuple[list[frozen.Line], list[frozen.Line]]] = {}
    for line in frozen.lines(draw):
        # Of one length: a name stands in an address too, spelled in percents. Ten of a district
        # are, and that all of them were drawn, or none, does not happen.
        shape = re.sub("[0-9A-Z]", "0", f"{line.target} {line.name} {line.code} {line.address}")
        group = alike.setdefault((line.region_name, shape), ([], []))
        group[line.code not in codes].append(line)
    inside, outside = max(alike.values(), key=lambda group: min(map(len, group)))
    people = [[of(world, line) for line in some] for some in (inside[:1], outside[:2])]
    return world, draw, people[0], people[1]


def of(world: w.World, line: frozen.Line) -> Firm:
    target = Target.objects.get(pk=line.target)
    link = actions.hand_link(target=target, by=world.cast.shen, at=timezone.now())
    return Firm(line, firms.token_of(link))


def assert_alike(client: Client, made: list[tuple[str, list[str]]], firms_: list[Firm]) -> None:
    """made: (what, its address for each of the firms)."""
    for what, places in made:
        if "<" in what:
            client.get(places[0])  # what is read once and kept is read now; searches are warm
        took = [work(client, *each) for each in zip(places, firms_, strict=True)]
        sizes = [(each.status, each.size) for each in took]
        odd = set.union(*(set(each.questions) for each in took)) - set.intersection(
            *(set(each.questions) for each in took)
        )
        assert len(set(took)) == 1, (what, sizes, odd)


def questions_of(draw: Draw, people: list[Firm], doors: list[str]) -> list[tuple[str, list[str]]]:
    """Every way to ask about one firm: its own pages, its page in the register, every search."""
    own = [route for route in routes() if route in OWN or route.startswith("targets/<int:pk>/")]
    made = [(route, [firm.filled(route, draw) for firm in people]) for route in own]
    for door in doors:
        made.append((f"{door}?q=name", [f"{door}?q={firm.line.name}" for firm in people]))
        made.append((f"{door}?q=code", [f"{door}?q={firm.line.code}" for firm in people]))
    return made


def doors_of(client: Client) -> dict[str, str]:
    """Pages without an argument that answer this visitor, and what they say."""
    said = {f"/{route}": client.get(f"/{route}") for route in routes() if "<" not in route}
    return {place: body(answer) for place, answer in said.items() if answer.status_code == 200}


def listening(client: Client, doors: dict[str, str]) -> list[str]:
    """Those of the doors that heed a question: asked for nobody they say something else."""
    return [
        place for place, said in doors.items() if body(client.get(f"{place}?q=没有这家")) != said
    ]


def test_no_door_works_more_for_a_drawn_firm_whoever_asks(sides, client):
    world, draw, inside, outside = sides
    assert inside
    assert outside
    people = [*inside, *outside]
    assert {route for route in routes() if route.startswith("own/")} == set(OWN)
    everywhere = list(doors_of(client))
    assert len(everywhere) > 8
    assert_alike(client, questions_of(draw, people, everywhere), people)
    colleague = w.as_(world, "pei")
    searches = listening(colleague, doors_of(colleague))
    assert {"/search/", "/targets/"} <= set(searches)
    assert_alike(colleague, questions_of(draw, people, searches), people)


def test_a_page_that_asked_one_question_more_of_the_drawn_would_be_found(
    sides, client, monkeypatch
):
    """The mutation that shows the test above can fail."""
    _, draw, inside, outside = sides
    people = [*inside, *outside]
    honest = frozen.found

    def curious(draw: Draw, codes: list[str]) -> dict[str, frozen.Line]:
        if DrawnTarget.objects.filter(draw=draw, candidate__code__in=codes).exists():
            honest(draw, codes)
        return honest(draw, codes)

    made = questions_of(draw, people, [])
    assert_alike(client, made, people)
    monkeypatch.setattr(firms.frozen, "found", curious)
    with pytest.raises(AssertionError, match="own/"):
        assert_alike(client, made, people)
