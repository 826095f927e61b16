"""The tables behind the registry: words that give tags, place names, who supervises a tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from django.db import transaction

from liancha.accounts.models import Region, User
from liancha.ledger import actions as ledger
from liancha.lists.models import JointField, JointItem, ListVersion
from liancha.rulebook.lifecycles import ListState
from liancha.rulebook.regions import check_region
from liancha.rulebook.verdicts import Blocked

from .. import tables
from ..models import PlaceName, Tag, TagKeyword, Target
from ..prepared import Prepared, has_moved, last_entry
from ..retagging import looks
from ..temporary import opened
from .intake import PIECE
from .tagging import retag as _retag_some


@transaction.atomic
def save_tag(
    *,
    name: str,
    words: Collection[str],
    name_words: Collection[str] = (),
    exclusions: Collection[str] = (),
    kinds: Collection[str] = (),
    code: str = "",
    tag: Tag | None = None,
    by: User,
    at: datetime,
) -> Tag:
    """Keep a tag and the words that give it. Targets change only with `retag`.

    code  only for a new tag; the joint list names tags by it
    Source: art. 11, 与联合抽查事项相匹配.
    """
    tag = tag or Tag(code=code)
    if not tag.code:
        raise Blocked("新标签要有代码，例如 hotel。请填写。", article="11", paragraph=1)
    same = Tag.objects.exclude(pk=tag.pk)
    if same.filter(name=name).exists() or same.filter(code=tag.code).exists():
        raise Blocked(
            f"已有名称或代码相同的标签“{name}”。请换一个，或修改原有的标签。",
            article="11",
            paragraph=1,
        )
    tag.name, tag.kinds = name, " ".join(sorted(kinds))
    tag.save()
    tag.keywords.all().delete()
    TagKeyword.objects.bulk_create(
        TagKeyword(tag=tag, word=word, in_name_only=in_name, is_exclusion=is_exclusion)
        for some, in_name, is_exclusion in (
            (words, False, False),
            (name_words, True, False),
            (exclusions, False, True),
        )
        for word in dict.fromkeys(some)
        if not (is_exclusion and word in words)
    )
    ledger.append(
        "registry.save_tag",
        by=by,
        at=at,
        about=("tag", tag.pk),
        tag=tag.code,
        name=name,
        words=sorted(words),
        name_words=sorted(name_words),
        exclusions=sorted(exclusions),
        kinds=sorted(kinds),
    )
    return tag


def retag(
    *,
    by: User | str,
    at: datetime,
    progress: Callable[[int, int], None] | None = None,
    then: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Apply the words to every target; (tags given, tags taken away). By-hand tags stay.

    progress  called with targets looked at and how many there are; what it raises ends the work,
              of which nothing is written then
    then      called with the result once it is written, in the same transaction

    Every target is looked at before anything is locked; what differs is written in one step.
    Raises Blocked when somebody has changed the words meanwhile.
    Source: art. 11, 与联合抽查事项相匹配.
    """
    rules, since = tables.rules(), last_entry()
    tagger = tables.Tagger(rules)
    with opened(Prepared()) as ready:
        done, total = 0, Target.objects.count()
        for piece in looks(tagger):
            ready.tag(
                (each.key, each.was, each.wanted) for each in piece if each.given or each.taken
            )
            done += len(piece)
            if progress:
                progress(done, max(done, total))
        ready.settle()
        with transaction.atomic():
            ready.hold()
            stale: list[int] = []
            if has_moved(since, "registry."):
                if tables.rules() != rules:
                    raise Blocked(
                        "逐户核对的时候关键词又改过，没有写入任何内容。请重新核对影响，再重新标注。",
                        article="11",
                        paragraph=1,
                    )
                stale = ready.stale_tags()
                ready.forget(stale)
            given, taken = ready.write_tags()
            for some in _those(stale):
                plus, minus = _retag_some(tagger, some)
                given, taken = given + plus, taken + minus
            ledger.append("registry.retag", by=by, at=at, given=given, taken=taken)
            if then:
                then(given, taken)
    return given, taken


@transaction.atomic
def save_place(
    *, name: str, region: str, kind: str, is_old: bool = False, by: User, at: datetime
) -> PlaceName:
    """Teach the registry a place name; addresses are read with it from the next import on."""
    check_region(region)
    place, _ = PlaceName.objects.update_or_create(
        name=name,
        region=Region.objects.get(pk=region),
        kind=kind,
        defaults={"is_old": is_old},
    )
    ledger.append(
        "registry.save_place", by=by, at=at, name=name, region=region, place=kind, old=is_old
    )
    return place


@transaction.atomic
def sync_supervisors(*, version: ListVersion, by: User | str, at: datetime) -> int:
    """Take from a published joint list which departments supervise which kind of target.

    Every department a field names, for itself or for one of its items, supervises the field's
    kind. Tags that no field uses have no supervisors. Returns how many tags changed.
    Source: art. 10, paragraph 2, and art. 18, paragraph 1.
    """
    if version.kind != ListVersion.Kind.JOINT or version.state != ListState.PUBLISHED:
        return 0
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for field in JointField.objects.filter(version=version).prefetch_related("cooperators"):
        wanted[field.tag] |= {field.initiator_id, *(d.pk for d in field.cooperators.all())}
    for code, department in JointItem.objects.filter(version=version).values_list(
        "field__tag", "department"
    ):
        wanted[code].add(department)
    changed = 0
    for tag in Tag.objects.prefetch_related("supervisors"):
        if {d.pk for d in tag.supervisors.all()} != wanted[tag.code]:
            tag.supervisors.set(wanted[tag.code])
            changed += 1
    if not changed:
        return 0
    ledger.append(
        "registry.sync_supervisors",
        by=by,
        at=at,
        about=("list", version.pk),
        version=version.number,
        tags=changed,
    )
    return changed


def _those(keys: list[int]) -> Iterator[list[Target]]:
    for start in range(0, len(keys), PIECE):
        here = Target.objects.filter(pk__in=keys[start : start + PIECE]).order_by("pk")
        yield list(here.only("updated_at", "name", "scope", "kind"))
