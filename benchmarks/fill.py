"""Fill a demo database with waiting cases: `python -m benchmarks.fill 100000`.

Rows are written directly, since a hundred thousand questions through the form would take an hour;
they are of the same shape, texts sealed, in the first team of the first organisation.
"""

import os
import secrets
import sys
from datetime import timedelta
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Organisation  # noqa: E402
from counselling.models import Case  # noqa: E402
from counselling.sla import Urgency  # noqa: E402

CHUNK = 5000


def fill(count: int) -> None:
    """Add `count` waiting cases: one in fifty `sofort`, one in ten `dringend`."""
    organisation = Organisation.objects.order_by("created_at", "name")[0]
    team = organisation.teams.all()[0]
    now = timezone.now()
    for start in range(0, count, CHUNK):
        Case.objects.bulk_create(
            Case(
                organisation=organisation,
                team=team,
                submission=uuid4(),
                lookup_id=secrets.token_bytes(32),
                urgency=Urgency.SOFORT
                if number % 50 == 0
                else Urgency.DRINGEND
                if number % 10 == 0
                else Urgency.NORMAL,
                last_seq=1,
                created_at=now - timedelta(minutes=number),
                waiting_since=now - timedelta(minutes=number),
                due_at=now + timedelta(minutes=number),
            )
            for number in range(start, min(start + CHUNK, count))
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    fill(int(sys.argv[1]))
