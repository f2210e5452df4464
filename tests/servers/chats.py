"""Chats to be talked in, made beside running servers by the real operations, and printed as JSON.

`python -m tests.servers.chats 200`, in the environment of the servers. What is printed has the cookies
of both ends of each chat and the client's code: it belongs to no real person.
"""

import json
import os
import subprocess
import sys
from base64 import b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from accounts.models import Organisation

ROOT = Path(__file__).resolve().parent.parent.parent
SLUG = "chathafen"
EACH = 50  # chats that one counsellor sits in: fewer people to enrol than there would be


@dataclass(frozen=True, slots=True)
class Room:
    """A chat in which somebody sits. client, team: values of the session cookies of both ends."""

    slug: str
    case: str
    code: str
    client: str
    team: str


def make(count: int, environment: dict[str, str]) -> list[Room]:
    """Make chats beside running servers, in a process with their environment."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.servers.chats", str(count)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return [Room(**room) for room in json.loads(result.stdout.splitlines()[-1])]


def made(count: int, each: int = EACH) -> list[Room]:
    """Found a house, enrol its counsellors, let clients enter and counsellors take so many each."""
    # Only after django.setup().
    from django.utils import timezone  # noqa: PLC0415

    from chat.models import Chat, ChatRules  # noqa: PLC0415
    from chat.operations import entering, seats  # noqa: PLC0415
    from chat.operations.settings import set_rules  # noqa: PLC0415
    from counselling.access import CASE_KEY, HOLDER_KEY  # noqa: PLC0415
    from counselling.operations.working import set_profile  # noqa: PLC0415
    from tests.factories import enrol, organisation  # noqa: PLC0415
    from tests.factories.sessions import signed_in  # noqa: PLC0415
    from vault.codes import AccessCode  # noqa: PLC0415
    from vault.keyring import ClientHolder  # noqa: PLC0415
    from vault.sessions import SessionStore  # noqa: PLC0415

    house = organisation(SLUG, teams=["Erziehung"], topics=[])
    team = [enrol(house, f"Person {number}") for number in range(-(-count // each))]
    for member in team:
        set_profile(
            member=member,
            ceiling=each,
            needs_approval=False,
            topics=[],
            by=team[0],
            at=timezone.now(),
        )
    rules = ChatRules(organisation_id=house.pk, offered=True)
    set_rules(rules=rules, by=team[0], at=timezone.now())
    opened = _open_moment(house)
    cookies = [signed_in(member).session.session_key or "" for member in team]

    rooms: list[Room] = []
    holders: list[ClientHolder] = []
    for number in range(count):
        code = AccessCode.generate()
        case = entering.enter(
            organisation=house,
            text="Guten Tag, ich habe eine Frage zur Kita.",
            in_danger=False,
            code=code,
            submission=uuid4(),
            at=opened,
            together_with=holders.append,
        )
        sits = number // each
        now = timezone.now()
        Chat.objects.filter(case=case).update(kept_until=now + timedelta(hours=2))
        seats.take(case=case.pk, by=team[sits], at=now)
        session = SessionStore()
        session[CASE_KEY] = str(case.pk)
        session[HOLDER_KEY] = b64encode(holders[-1].key).decode()
        session.create()
        client = session.session_key or ""
        rooms.append(Room(SLUG, str(case.pk), code.characters, client, cookies[sits]))
    return rooms


def _open_moment(house: "Organisation") -> datetime:
    """Return the latest forenoon at which the chat is open, whatever day it is today."""
    from django.utils import timezone  # noqa: PLC0415

    from chat import queries  # noqa: PLC0415 - as above

    moment = timezone.now().replace(hour=9, minute=0)
    while queries.opening(house, at=moment).shut is not None:
        moment -= timedelta(days=1)
    return moment


def main() -> None:
    """Make as many as the first argument says."""
    import django  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps([asdict(room) for room in made(int(sys.argv[1]))]))


if __name__ == "__main__":
    main()
