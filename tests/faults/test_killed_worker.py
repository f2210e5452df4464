"""Workers killed with -9 while they send and while ladders climb: nothing is lost, no step twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from counselling.models import Escalation, EscalationStep
from outbox.models import Channel, Delivery
from outbox.operations import deliveries, sending
from tests.counselling.alarm_house import open_alarm_house, sweep
from tests.factories import ask
from tests.servers.lotse import ROOT
from tests.servers.post_office import PostOffice, open_post_office

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 120.0  # seconds until a worker must have come to the place where it is killed
SENDS = """
from django.utils import timezone
from outbox.models import Channel
from outbox.operations import sending
sending.sweep(channel=Channel.MAIL, now=timezone.now)
"""
CLIMBS = """
from datetime import timedelta
from django.utils import timezone
from counselling.operations import escalations
for minute in range(3, 400):
    escalations.move_on(at=timezone.now() + timedelta(minutes=minute), most=1)
"""


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """A real mail server, to which this process and the worker send."""
    with open_post_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.EMAIL_USE_TLS = False
        yield office


@contextmanager
def worker(code: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run code in a process of its own on the same database; kill it at the end as a power cut would."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        cwd=ROOT,
        env={**os.environ, "LOTSE_DATABASE_URL": database_url(), **environment},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def database_url() -> str:
    """Return the address of the test's own database."""
    name = str(connection.settings_dict["NAME"])
    url = os.environ["LOTSE_DATABASE_URL"]
    if url.startswith("sqlite"):
        return f"sqlite:///{name}"
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def test_a_worker_killed_while_it_sends_loses_nothing_and_repeats_only_what_was_in_flight(
    post_office: PostOffice, figures: list[str]
) -> None:
    at = timezone.now()
    for number in range(6):
        deliveries.promise(
            key=f"swap:{number}",
            channel=Channel.MAIL,
            to="lea@nordhafen.example",
            subject="Bitte bei Lotse nachsehen",
            body="Guten Tag.",
            at=at,
        )
    post_office.holds_at = 3
    mail = {"LOTSE_EMAIL_HOST": "127.0.0.1", "LOTSE_EMAIL_TLS": "0"}
    with worker(SENDS, **mail, LOTSE_EMAIL_PORT=str(post_office.port)):
        # The third letter is with the server, which has not said so yet.
        assert post_office.holding.wait(PATIENCE)
    post_office.goes_on.set()
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {
        "sent": 2,
        "sending": 1,
        "waiting": 3,
    }
    sending.sweep(channel=Channel.MAIL, now=lambda: at + timedelta(hours=1))

    times = Counter(letter["Message-ID"] for letter in post_office.letters)
    assert len(times) == 6
    assert sorted(times.values()) == [1, 1, 1, 1, 1, 2], (
        "only what was in flight, under its old name"
    )
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    figures.append(
        "killed while sending: 6 mails promised, 6 arrived, 1 twice under one Message-ID"
    )


def test_a_worker_killed_while_ladders_climb_leaves_no_step_half_taken(figures: list[str]) -> None:
    house = open_alarm_house()
    for _one in range(5):
        ask(house.nordhafen, in_danger=True)
    first = EscalationStep.objects.count()
    with worker(CLIMBS):
        end = time.monotonic() + PATIENCE
        while EscalationStep.objects.count() < first + 7:
            assert time.monotonic() < end, "the worker took no steps"
            time.sleep(0.01)
    before = EscalationStep.objects.count()
    sweep(timezone.now())  # brings back what the worker's clock, which ran ahead, has moved
    sweep(timezone.now() + timedelta(hours=1))

    for alarm in Escalation.objects.all():
        steps = list(alarm.steps.order_by("number"))
        assert [step.number for step in steps] == list(range(1, alarm.taken + 1))
        promised = Delivery.objects.filter(key__startswith=f"escalation:{alarm.pk.hex}:")
        assert promised.count() == sum(step.sent for step in steps)
    assert EscalationStep.objects.count() == before + 5
    figures.append(f"killed while climbing: {before} steps of 5 ladders, none half, none twice")
