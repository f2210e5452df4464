"""Inside the measured process: every page of the house and every sweep, timed when a line asks for it.

`python -m benchmarks.growth_inside`; first says which visits there are (JSON), then for each name that it
reads: milliseconds, statements, status, and the slowest statement. Pages are taken from the house's own list of addresses
(tests/security/refusals.py), so that a new one is measured without anybody thinking of it.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.db import connection  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from django.urls import NoReverseMatch, reverse  # noqa: E402 - as above

from accounts import tasks as accounts_tasks  # noqa: E402 - as above
from accounts.models import Membership, Organisation, Role  # noqa: E402 - as above
from chat import tasks as chat_tasks  # noqa: E402 - as above
from config.demo import seed  # noqa: E402 - as above
from counselling import tasks  # noqa: E402 - as above
from counselling.models import Claim  # noqa: E402 - as above
from outbox import tasks as outbox_tasks  # noqa: E402 - as above
from referrals import tasks as referrals_tasks  # noqa: E402 - as above
from tests.security.refusals import PAGES, Page  # noqa: E402 - as above
from tests.servers.plain_http import Answer  # noqa: E402 - as above

TEXT = "Unser Sohn ist vier und schläft nicht mehr allein ein. " * 12
SWEEPS = {
    name: task.call_local
    for module in (accounts_tasks, chat_tasks, tasks, outbox_tasks, referrals_tasks)
    for name, task in vars(module).items()
    if hasattr(task, "call_local") and name not in {"send", "move_alarms_on"}
}
Visit = Callable[[], int]


class House:
    """Who visits: one person of each role, and a client with a code."""

    def __init__(self) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        settings.METRICS_TOKEN = secrets.token_urlsafe()
        self.organisation = Organisation.objects.order_by("created_at", "name")[0]
        second = Organisation.objects.order_by("created_at", "name")[1]
        self.clients = {}
        for member in Membership.objects.exclude(organisation=second).order_by("pk"):
            role = Role(member.role)
            if role not in self.clients:
                self.clients[role] = Client()
                self.clients[role].post(reverse("demo-enter", args=[member.pk]))
                claim = Claim.objects.filter(member=member, ended_at=None).order_by("pk").first()
                if role == Role.COUNSELLOR and claim is not None:
                    self.case = claim.case_id
        self.back = {"code": seed.code_to_try(self.organisation.slug)}
        self.parent = Client()
        self.parent.post(reverse("return", args=[self.organisation.slug]), self.back)

    def visits(self) -> Iterator[tuple[str, Visit]]:
        """Yield what can be visited without doing anything, and asking and coming back."""
        for name, page in PAGES.items():
            path = self._path(name, page)
            client = self._who(page)
            if page.method == "get" and path and client:
                yield name, partial(_get, client, path)
        slug = self.organisation.slug
        watching = Client(headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
        yield "metrics with token", partial(_get, watching, reverse("metrics"))
        yield (
            "team-cases closed",
            partial(
                _get, self.clients[Role.COUNSELLOR], reverse("team-cases") + "?zeige=abgeschlossen"
            ),
        )
        yield (
            "coming back with the code",
            partial(_post, Client, reverse("return", args=[slug]), self.back),
        )
        yield "asking", partial(self._ask, reverse("ask", args=[slug]))
        for name, sweep in SWEEPS.items():
            yield f"sweep {name}", partial(_sweep, sweep)

    def _path(self, name: str, page: Page) -> str:
        things = {"": [], "case": [self.case]}.get(page.of)
        if things is None or page.part or name in {"quick-exit", "logout"}:
            return ""
        if page.kind in {"organisation", "client"}:
            things = [self.organisation.slug, *things]
        try:
            return reverse(name, args=things)
        except NoReverseMatch:
            return ""

    def _who(self, page: Page) -> Client | None:
        if page.kind in {"public", "organisation"}:
            return Client()
        if page.kind == "client":
            return self.parent
        if page.kind == "signed in":
            return self.clients[Role.COUNSELLOR]
        wanted = (Role.SUPERVISOR, Role.COUNSELLOR, *Role)
        return next(
            (self.clients[r] for r in wanted if r in page.roles and r in self.clients), None
        )

    def _ask(self, path: str) -> int:
        client = Client()
        form = client.get(path)
        fields = Answer(form.status_code, path, form.content.decode()).hidden("data-draft-keep")
        return client.post(path, fields | {"text": TEXT, "danger": "nein"}).status_code


def _get(client: Client, path: str) -> int:
    return client.get(path).status_code


def _post(client: type[Client], path: str, data: dict[str, Any]) -> int:
    return client().post(path, data).status_code


def _sweep(sweep: Callable[[], object]) -> int:
    sweep()
    return 0


def main() -> None:
    """Say what there is, then answer lines."""
    visits = dict(House().visits())
    print(json.dumps(list(visits)), flush=True)
    for line in sys.stdin:
        print(json.dumps(_visited(visits[line.strip()])), flush=True)


def _visited(visit: Visit) -> tuple[float, int, int, float, str]:
    """Return milliseconds, statements, status, and of the slowest statement milliseconds and text."""
    statements: list[tuple[float, str]] = []

    def timed(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append((time.perf_counter() - began, str(sql)))

    began = time.perf_counter()
    with connection.execute_wrapper(timed):
        status = visit()
    taken = (time.perf_counter() - began) * 1000
    seconds, slowest = max(statements, default=(0.0, ""))
    return taken, len(statements), status, seconds * 1000, slowest[:4000]


if __name__ == "__main__":
    main()
