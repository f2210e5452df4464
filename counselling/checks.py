"""Checks that `manage.py check --deploy` runs before a release goes live."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register
from django.db import DatabaseError
from django.utils import timezone

from counselling import key_findings


@register("vault", deploy=True)
def keys_are_in_order(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say what `manage.py vault_check` finds; nothing before the tables are there."""
    try:
        findings = key_findings.find(at=timezone.now())
    except DatabaseError:
        return []
    return [
        (checks.Error if found.is_serious else checks.Warning)(
            f"{found.count} {found.what}", hint=found.remedy, id=f"vault.{found.code}"
        )
        for found in findings
    ]
