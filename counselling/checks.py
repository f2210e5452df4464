"""Checks that `manage.py check --deploy` runs before a release goes live."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register
from django.db import DatabaseError
from django.utils import timezone

from counselling import key_findings, open_alarms, reaching


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


@register("alarms", deploy=True)
def alarms_reach_somebody(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say what keeps alarms from anybody; nothing before the tables are there."""
    at = timezone.now()
    try:
        found: list[CheckMessage] = [
            checks.Warning(
                f"Nobody is on call for {organisation.slug}",
                hint="Put people on the on-call list; until then alarms go to everybody who leads.",
                id="alarms.nobody_on_call",
            )
            for organisation in open_alarms.organisations_without_on_call(at=at)
        ]
        if open_alarms.are_late(at=at):
            found.append(
                checks.Error(
                    "Alarms wait for their next step",
                    hint="No worker is running: `manage.py serve` starts one, else `manage.py run_huey`.",
                    id="alarms.late",
                )
            )
    except DatabaseError:
        return []
    if not reaching.has_mail_server():
        found.append(
            checks.Warning(
                "No mail server is set up",
                hint="Set LOTSE_EMAIL_HOST, else alarms reach only who has a page open or a device switched on.",
                id="alarms.no_mail_server",
            )
        )
    return found
