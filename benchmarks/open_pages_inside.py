"""Inside the measured process: what an open page of the team asks again by itself, with news and without.

`python -m benchmarks.open_pages_inside 200`: rounds. Prints JSON: for each part milliseconds of processor time here
and in PostgreSQL (0 on SQLite) and statements, when nothing is new and when the part is drawn; and what one look for keys to hand on
costs (`accounts/duties.py`).
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.db import connection  # noqa: E402 - as above
from django.http import HttpRequest  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from django.urls import reverse  # noqa: E402 - as above

from accounts import duties  # noqa: E402 - as above
from accounts.holders import holder_of  # noqa: E402 - as above
from accounts.models import Membership, Organisation, Role  # noqa: E402 - as above
from counselling.models import Claim  # noqa: E402 - as above
from counselling.states import CaseState  # noqa: E402 - as above
from tests.counselling.parts import Part, ask_again, part_of  # noqa: E402 - as above

PARTS = {
    "queue": "queue-live",
    "my-cases": "my-cases-live",
    "team-cases": "team-cases-live",
    "alarm-board": "alarm-board",
    "case": "case-live",
    "referral-box": "vermittlung",
    "chat-desk": "chat-line",
    "consultations": "consultations-live",
    "supervision": "supervision-live",
}
TICK = 1000 / os.sysconf("SC_CLK_TCK")  # milliseconds
Cost = tuple[float, float, int]


OWN = ("my-cases", "case", "referral-box")  # of who holds a case; the others of who leads


class Somebody:
    """A member of the demo's first house, signed in. case: one that they hold, if they do."""

    def __init__(self, member: Membership, case: UUID | None = None) -> None:
        self.member = member
        self.case = case
        self.browser = Client()
        self.browser.post(reverse("demo-enter", args=[member.pk]))

    def part(self, name: str) -> Part:
        """Return a part as an open page has it after it was drawn anew once."""
        page = {"alarm-board": "queue", "referral-box": "case"}.get(name, name)
        address = reverse(page, args=[self.case] if page == "case" else [])
        html = self.browser.get(address).content.decode()
        part = self._here(part_of(html, PARTS[name]), address)
        again = ask_again(self.browser, part)
        return (
            self._here(part_of(again.content.decode(), part.name), address)
            if again.content
            else part
        )

    def look_for_keys(self) -> None:
        """Do what somebody's process does beside requests."""
        request = HttpRequest()
        request.session = self.browser.session
        duties.do(member=self.member, holder=holder_of(request))

    def _here(self, part: Part, address: str) -> Part:
        page = {"HX-Current-URL": f"http://testserver{address}"}
        return Part(part.name, part.address, part.headers | page)


def main(rounds: int) -> None:
    """Ask for each part as it is, and as if nothing were known of it."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.KEY_DUTIES = False  # measured by themselves
    house = Organisation.objects.order_by("created_at", "name")[0]
    lead = Somebody(Membership.objects.filter(organisation=house, role=Role.SUPERVISOR)[0])
    claim = Claim.objects.filter(
        ended_at=None,
        case__state=CaseState.CLAIMED,
        case__organisation=house,
        member__role=Role.COUNSELLOR,
    ).order_by("pk")[0]
    holder = Somebody(claim.member, claim.case_id)
    found: dict[str, Any] = {}
    for name in PARTS:
        somebody = holder if name in OWN else lead
        part = somebody.part(name)
        # The case page alone is told by its address what it shows.
        address = part.address if name == "case" else part.address.partition("?")[0]
        unknown = Part(part.name, address, {})
        status = ask_again(somebody.browser, part).status_code
        found[name] = {
            "same": cost(partial(ask_again, somebody.browser, part), rounds)
            if status == 204
            else None,
            "drawn": cost(partial(ask_again, somebody.browser, unknown), rounds),
        }
    found["keys"] = {"same": cost(lead.look_for_keys, rounds)}
    print(json.dumps(found))


def cost(what: Callable[[], object], rounds: int) -> Cost:
    """Return the median of milliseconds here, the mean of those in PostgreSQL, and statements."""
    statements = 0

    def count(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        what()
    taken, there = [], _postgresql()
    for _round in range(rounds):
        began = time.process_time()
        what()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken), (_postgresql() - there) / rounds, statements


def _postgresql() -> float:
    """Return how many milliseconds the processes of this database's connections have used so far."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        processes = [Path(f"/proc/{pid}/stat") for (pid,) in cursor.fetchall()]
    used = [
        file.read_text().rpartition(")")[2].split()[11:13] for file in processes if file.exists()
    ]
    return sum(int(user) + int(system) for user, system in used) * TICK


if __name__ == "__main__":
    main(int(sys.argv[1]))
