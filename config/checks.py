"""Checks that `manage.py check --deploy` runs: variables that nothing reads, more connections than there are."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from config import watching
from config.profiles import FLEET


@register("environment", deploy=True)
def every_variable_is_read(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Name the variables that are set and that nothing reads: they may be mistyped."""
    known = settings.ENVIRONMENT.read
    return [
        checks.Warning(
            f"{name} is set, but nothing reads it",
            hint=_hint(get_close_matches(name, known, 1, 0.8)),
            id="environment.unread",
        )
        for name in settings.ENVIRONMENT.unread()
    ]


@register("environment", deploy=True)
def connections_suffice(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Compare what all processes of this machine may open with what PostgreSQL allows."""
    if settings.PROFILE != FLEET:
        return []
    wanted = sum(settings.FLEET.values()) * settings.DATABASE_POOL
    allowed = watching.connections_allowed()
    if allowed is None or wanted <= allowed:
        return []
    return [
        checks.Warning(
            f"This machine's processes may open {wanted} connections; PostgreSQL allows {allowed}",
            hint="Lower LOTSE_DATABASE_POOL, or raise max_connections.",
            id="environment.connections",
        )
    ]


def _hint(near: list[str]) -> str:
    return (
        f"Did you mean {near[0]}?" if near else "Take it away (docs/operating.md lists them all)."
    )
