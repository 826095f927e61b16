"""The corridor: from a register to a published result that anybody can check, all by pages.

One walk in a real browser against a real server, as the eleven people it takes. Each step is a
sentence here; how it is done with which buttons stands in the modules beside.

LIANCHA_SCREENS=folder keeps a picture of each of the ten steps, at 1440 and 360 px, in
folder/journey; axe looks at the same pages always.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import CompletedProcess

from playwright.sync_api import Page

from tests.servers import Server

from . import city, drawing, inspecting, preparing, publishing
from .corridor import Journey


def test_from_the_register_to_the_published_result(
    start_site: Callable[..., Server],
    new_page: Callable[..., Page],
    in_database: Callable[[], AbstractContextManager[None]],
    cli: Callable[..., CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    with in_database():
        city.settle()
    screens = os.environ.get("LIANCHA_SCREENS")
    pictures = Path(screens) / "journey" if screens else None
    journey = Journey(start_site().url, new_page, in_database, tmp_path, pictures)

    preparing.the_register_is_imported(journey)  # 1
    preparing.the_list_is_published(journey)  # 2
    preparing.the_inspectors_are_imported(journey)  # 3
    preparing.a_region_outside_the_city_is_refused(journey)  # 4
    preparing.a_department_without_standing_is_refused(journey)
    preparing.a_joint_task_of_one_department_is_refused(journey)
    preparing.two_fields_in_one_task_are_refused(journey)
    preparing.the_plan_is_refused_with_a_gap_and_published_without(journey)
    drawing.the_task_is_agreed(journey)  # 5
    drawing.the_pool_is_frozen(journey)
    drawing.the_targets_are_drawn(journey)  # 6
    drawing.the_list_is_dispatched(journey)  # 7
    drawing.the_inspectors_are_drawn(journey)
    drawing.a_replacement_is_agreed_by_the_own_head(journey)
    inspecting.the_teams_are_formed_and_the_firms_told(journey)  # 8
    inspecting.a_visit_is_made_and_signed(journey)
    publishing.the_draw_is_public_but_not_the_names(journey)
    inspecting.a_visit_is_refused_by_the_firm(journey)
    inspecting.the_last_visit_is_made(journey)
    publishing.the_results_are_entered_audited_and_published(journey)  # 9
    publishing.the_public_sees_the_results(journey)
    publishing.anybody_can_check_the_draw(journey)  # 10

    assert not journey.album.faults, "\n".join(journey.album.faults)
    said = cli("ledger", "verify")
    assert said.returncode == 0, said.stdout + said.stderr
