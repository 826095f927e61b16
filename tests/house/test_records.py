"""Records look back along the corridor, never ahead; every change of them is an action."""

import ast
import tomllib

from django.apps import apps

from tests.house.source import PACKAGE, ROOMS, ROOT, parsed, python_files, shown

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
CORRIDOR = next(
    [set(floor.split(" | ")) for floor in contract["layers"]]
    for contract in CONTRACTS
    if contract.get("containers") == ["liancha"]
)


def floor_of(room: str) -> int:
    return next(n for n, rooms in enumerate(CORRIDOR) if room in rooms)


def test_every_room_has_a_place_in_the_corridor():
    assert set(ROOMS) | {"rulebook"} == set().union(*CORRIDOR)


def test_foreign_keys_point_to_earlier_rooms():
    """import-linter cannot see a relation written as a string, so look at the models."""
    ahead = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in ROOMS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is not None
        if (there := field.related_model._meta.app_label) in ROOMS
        if there != model._meta.app_label
        if floor_of(there) <= floor_of(model._meta.app_label)
    ]
    assert ahead == []


def actions() -> list[tuple[str, ast.FunctionDef]]:
    """Public functions of every actions.py and actions/*.py: the verbs of a room."""
    found = []
    for room in ROOMS:
        for path in python_files(PACKAGE / room):
            inside = path.relative_to(PACKAGE / room).parts
            if inside[0] not in ("actions", "actions.py") or path.name.startswith("_"):
                continue
            found += [
                (f"{shown(path)}:{node.name}", node)
                for node in parsed(path).body
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
                if is_change(node)
            ]
    return found


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} | {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
    }


def is_change(node: ast.FunctionDef) -> bool:
    """A verb is what writes in one transaction; checks and look-ups beside it are not."""
    return any("atomic" in names_in(each) for each in node.decorator_list)


# The ledger is the ledger, and the progress of a job is nobody's record.
ACTIONS = [each for each in actions() if not {"ledger", "queue"} & set(each[0].split("/"))]


def writes_to_ledger(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> bool:
    """The function appends, or calls one of its module that does."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        now = waiting.pop()
        for call in (each for each in ast.walk(now) if isinstance(each, ast.Call)):
            match call.func:
                case ast.Attribute(value=ast.Name(id="ledger"), attr="append"):
                    return True
                case ast.Name(id=name) if name in functions and name not in seen:
                    seen.add(name)
                    waiting.append(functions[name])
                case _:
                    pass
    return False


def test_actions_are_called_by_keywords_and_told_who_and_when():
    loose = [
        name
        for name, action in ACTIONS
        if action.args.posonlyargs
        or action.args.args
        or not {"by", "at"} <= {each.arg for each in action.args.kwonlyargs}
    ]
    assert loose == []


def test_every_action_stands_in_the_ledger():
    silent = []
    for name, action in ACTIONS:
        path = ROOT / name.partition(":")[0]
        modules = python_files(path.parent) if path.parent.name == "actions" else [path]
        functions = {
            node.name: node
            for module in modules
            for node in parsed(module).body
            if isinstance(node, ast.FunctionDef)
        }
        if not writes_to_ledger(action, functions):
            silent.append(name)
    assert silent == []


def test_there_are_actions_to_look_at():
    assert len(ACTIONS) > 10


CLOCKS = {"now", "localtime", "localdate", "today", "utcnow"}


def test_there_is_no_clock_below_the_doors():
    """A local time made from an argument is no clock; one made from nothing is."""
    below = python_files(PACKAGE / "rulebook") + [
        path
        for room in ROOMS
        if room != "site"
        for path in python_files(PACKAGE / room)
        if path.relative_to(PACKAGE / room).parts[0].removesuffix(".py") in ("actions", "models")
    ]
    clocks = [
        f"{shown(path)}:{call.lineno} {call.func.attr}()"
        for path in below
        for call in ast.walk(parsed(path))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        if call.func.attr in CLOCKS and not call.args
    ]
    assert clocks == []
