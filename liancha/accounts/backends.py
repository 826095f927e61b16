"""Who a session belongs to: the person together with their department, in one question."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from .models import User


class WithDepartment(ModelBackend):
    """Names and passwords as Django keeps them. Nearly every page asks for the department too."""

    def get_user(self, user_id: Any) -> User | None:
        found = User.objects.select_related("department").filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
