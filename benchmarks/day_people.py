"""Who takes part in a national day: `python -m benchmarks.day_people 20`, in a demo's environment.

Prints JSON: session cookies of staff by role, the demo's code, and that many chats in which somebody sits. It
belongs to no real person.
"""

import json
import os
import sys
from dataclasses import asdict

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.test import Client  # noqa: E402 - as above
from django.urls import reverse  # noqa: E402 - as above

from accounts.models import Membership, Organisation  # noqa: E402 - as above
from config.demo import seed  # noqa: E402 - as above
from tests.servers.chats import made  # noqa: E402 - as above

CHATS_EACH = 3  # of a counsellor


def main(chats: int) -> None:
    """Sign in the demo's first house and its partners, and make chats."""
    settings.ALLOWED_HOSTS = ["*"]
    first, second = Organisation.objects.order_by("created_at", "name")[:2]
    staff: dict[str, list[str]] = {}
    for member in Membership.objects.exclude(organisation=second):
        browser = Client()
        browser.post(reverse("demo-enter", args=[member.pk]))
        cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
        staff.setdefault(member.role, []).append(cookie)
    rooms = [asdict(room) for room in made(chats, each=CHATS_EACH)] if chats else []
    code = seed.code_to_try(first.slug)
    print(json.dumps({"slug": first.slug, "staff": staff, "code": code, "rooms": rooms}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
