"""How a door leaves its work to the worker: once, however often somebody clicks."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from liancha.accounts.models import User

from . import actions
from .models import Job

NAME = 60  # characters of a job's name


def ask(
    request: HttpRequest,
    *,
    job: str,
    key: int,
    name: str,
    about: str,
    attach: Callable[[Job], object],
) -> None:
    """Have `liancha.<room>.jobs.<job>(row, key)` run by the worker after this commits.

    name    what its bar is called
    about   the thing it is for; while a job about it is live, the person is told of that one
    attach  notes the row where the page of the thing finds it
    """
    try:
        with transaction.atomic():
            row = actions.start_job(
                name=name[:NAME],
                about=about,
                by=cast(User, request.user),
                at=timezone.now(),
            )
            attach(row)
            actions.later(job, row.pk, key)
    except actions.Twice:
        messages.info(request, "正在处理，请看下面的进度")
