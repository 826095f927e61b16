"""The made-up city comes in: every kind of dirt is caught or put right, and no good row is lost."""

import csv
from collections import Counter, defaultdict
from datetime import date

import pytest
from django.db import transaction

from liancha.papers.feed import open_table
from liancha.papers.readers import Row
from liancha.registry import actions, codes, columns, plain
from liancha.registry.models import Target
from liancha.site.demo import catch, dirt, metropolis
from tests.people import NOON

SIZE = 20_000
SEED = 7
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def city():
    return list(dirt.rows(SEED, SIZE))


class TestTheCity:
    def test_it_is_the_same_city_for_the_same_seed(self, city):
        assert list(dirt.rows(SEED, 300)) == city[:300]
        assert list(dirt.rows(SEED, 300)) != list(dirt.rows(SEED + 1, 300))

    def test_it_has_every_kind_of_dirt_and_codes_of_nobody_with_right_digits(self, city):
        assert {one.label for one in city} == {"", *dirt.DIRT}
        assert len({one.clean[metropolis.CODE] for one in city}) == SIZE
        assert len({one.clean[metropolis.NAME] for one in city}) == SIZE
        assert all(codes.is_plain(one.clean[metropolis.CODE]) for one in city)
        assert all(one.clean[metropolis.CODE][8:10] == "XX" for one in city)


@pytest.mark.django_db
def test_every_kind_is_caught_or_put_right_and_no_good_row_is_lost(tmp_path, city):
    path = tmp_path / "名录.csv"
    labels = dirt.write(path, SEED, SIZE)
    batch = actions.import_targets(path=path, file_name=path.name, by=None, at=NOON)
    refused = {fault.row for fault in batch.faults.filter(is_remark=False)}
    remarked = {fault.row for fault in batch.faults.filter(is_remark=True)}
    there = {target.code: target for target in Target.objects.select_related("region")}
    with labels.open(encoding="utf-8-sig", newline="") as file:
        noted = list(csv.reader(file))[1:]
    wrong = Counter()
    for made, (row, label, fate, code) in zip(city, noted, strict=True):
        target, number = there.get(code), int(row)
        match fate:
            case dirt.Fate.REFUSED:
                good = number in refused
            case dirt.Fate.REMARKED:
                good = number in remarked and str(made.cells[metropolis.CODE]) in there
            case dirt.Fate.PENDING:
                good = target is not None and target.is_pending and number in remarked
            case _:
                good = number not in refused and target is not None and _is(target, made.clean)
        wrong[label] += not good
    assert +wrong == Counter()
    assert batch.faulty == len(refused)
    assert batch.added == Target.objects.count() == SIZE - batch.faulty
    _the_count_says_the_same(city, batch)


def _the_count_says_the_same(city, batch):
    """`liancha demo catch` on the same import; it notes what is lost, and what is let in."""
    caught = {one.label: one for one in catch.count(city, batch)}
    labels = Counter(made.label or catch.GOOD for made in city)
    assert {label: one.rows for label, one in caught.items()} == labels
    assert all(one.right == one.rows and not one.wrong for one in caught.values())
    good, lost = [made for made in city if not made.label], SIZE // 2
    Target.objects.filter(code=good[lost].clean[metropolis.CODE]).update(capital="别的")
    slip = next(made for made in city if made.label == "没有名称")
    batch.faults.filter(row=city.index(slip) + 2).delete()
    caught = {one.label: one for one in catch.count(city, batch)}
    assert caught[catch.GOOD].wrong == [city.index(good[lost]) + 2]
    assert caught["没有名称"].wrong == [city.index(slip) + 2]
    assert sum(one.rows - one.right for one in caught.values()) == 2


@pytest.mark.django_db
def test_the_same_register_comes_to_the_same_registry_and_another_does_not(tmp_path):
    """Two whole runs, from the seed to the registry; the third is of another seed, and short."""
    found = []
    for run, (seed, size) in enumerate(((SEED, SIZE), (SEED, SIZE), (SEED + 1, 100))):
        path = tmp_path / f"{run}.csv"
        with transaction.atomic():
            dirt.write(path, seed, size)
            actions.import_targets(path=path, file_name="名录.csv", by=None, at=NOON)
            found.append(catch.digest())
            transaction.set_rollback(True)
    assert found[0] == found[1] != found[2]


@pytest.mark.django_db
def test_rows_read_by_columns_say_what_they_say_when_read_one_by_one(tmp_path):
    path = tmp_path / "名录.csv"
    dirt.write(path, SEED, 3_000)
    differing = defaultdict(list)
    with open_table(path, path.name, columns.COLUMNS) as table:
        rows = plain.PlainRows(table, TODAY)
        for piece in table.pieces():
            columns_read, odd = rows.read(piece)
            read = list(zip(*columns_read, strict=True))
            for place in set(range(len(read))) - set(odd):
                row = Row(piece.numbers[place], piece.line(place), table.places)
                reading = columns.read(row, table.title, TODAY)
                said = {key: str(value) for key, value in reading.values.items() if value}
                if reading.faults or reading.remarks or said != plain.said(read[place]):
                    differing[piece.numbers[place]].append((said, plain.said(read[place])))
    assert not differing


def _is(target: Target, clean: tuple[str, ...]) -> bool:
    """Whether a target is as its row is without the dirt."""
    status = {"在业": "存续"}.get(clean[metropolis.STATUS], clean[metropolis.STATUS])
    return (
        target.name == clean[metropolis.NAME]
        and target.registered_on == date.fromisoformat(clean[metropolis.FOUNDED])
        and target.get_status_display() == status
        and target.capital == clean[metropolis.CAPITAL]
        and target.credit_class == clean[metropolis.CLASS]
        and target.scope == clean[metropolis.SCOPE]
        and not target.is_pending
        and target.region.name in clean[metropolis.ADDRESS]
    )
