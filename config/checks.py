"""Checks that `manage.py check --deploy` runs: of the environment, and of what it names."""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from config import watching
from config.profiles import FLEET
from counselling.uploads.storage import attachments


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


@register("environment", deploy=True)
def people_reach_it(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say when nobody would get to a page, or a link in a mail would lead nowhere."""
    if settings.INSECURE_HTTP:
        return []
    found: list[CheckMessage] = []
    if not settings.BEHIND_PROXY:
        found.append(
            checks.Warning(
                "No proxy is trusted, and Lotse itself speaks no TLS: every page leads back to itself",
                hint="Put a proxy with TLS in front (deploy/README.md), and set LOTSE_BEHIND_PROXY=1.",
                id="environment.no_proxy",
            )
        )
    address = urlsplit(settings.PUBLIC_URL)
    known = validate_host(str(address.hostname), settings.ALLOWED_HOSTS)
    if address.scheme != "https" or not known:
        found.append(
            checks.Warning(
                "Links in mails and invitations lead to no https address of a host that is allowed",
                hint="Set LOTSE_PUBLIC_URL like https://beratung.example.org, and LOTSE_ALLOWED_HOSTS to that name.",
                id="environment.public_url",
            )
        )
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if settings.EMAIL_HOST and sender.endswith("@localhost"):
        found.append(
            checks.Warning(
                f"Mails come from {sender}: most mail servers refuse them, and alarms do not arrive",
                hint="Set LOTSE_EMAIL_FROM to a mailbox that the mail server may send for.",
                id="environment.sender",
            )
        )
    return found


@register("database", deploy=True)
def what_it_stands_on_is_there(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Say when the database or Redis does not answer, and when tables of this release are missing."""
    found: list[CheckMessage] = []
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        found.append(
            checks.Error(
                f"The database does not answer{_as_it_says()}",
                hint="Look at LOTSE_DATABASE_URL, and whether the server runs and lets Lotse in.",
                id="database.away",
            )
        )
    else:
        if waiting:
            found.append(
                checks.Warning(
                    f"{waiting} migrations of this release are not applied",
                    hint="Run manage.py migrate; the release before runs on the new tables too.",
                    id="database.migrations",
                )
            )
    if watching.redis_sign() == watching.AWAY:
        found.append(
            checks.Error(
                "Redis does not answer",
                hint="Look at LOTSE_REDIS_URL, and whether it runs.",
                id="database.redis",
            )
        )
    return found


@register("files", deploy=True)
def files_can_be_written(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say when attachments or the deletion list have no place; else the first of each would find out."""
    found: list[CheckMessage] = []
    try:
        attachments()
    except (InvalidStorageError, ImproperlyConfigured, TypeError) as problem:
        found.append(
            checks.Error(
                f"Attachments have no storage ({type(problem).__name__})",
                hint="Look at LOTSE_ATTACHMENTS_STORAGE and LOTSE_ATTACHMENTS_OPTIONS.",
                id="files.attachments",
            )
        )
    place = settings.DELETION_LIST
    if not os.access(place if place.exists() else place.parent, os.W_OK):
        found.append(
            checks.Error(
                "The deletion list cannot be written",
                hint="Make the folder of LOTSE_DELETION_LIST, and give it to the user who runs Lotse.",
                id="files.deletion_list",
            )
        )
    return found


def _as_it_says() -> str:
    """Return what a connection without the pool is told; the log keeps no such words. No password is in them."""
    server: Any = connection  # its kind is known when it runs
    try:
        server.Database.connect(**server.get_connection_params()).close()
    except server.Database.Error as refused:
        return f": {' '.join(str(refused).split())}"
    return ""


def _hint(near: list[str]) -> str:
    return (
        f"Did you mean {near[0]}?" if near else "Take it away (docs/operating.md lists them all)."
    )
