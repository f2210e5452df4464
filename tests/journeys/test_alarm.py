"""An urgent question at night: banner and sound on the duty page, then the lead's mail, then quiet."""

import json
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.actors import Colleague, Parent
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import no_serious_axe, screenshot
from tests.servers.lotse import Lotse, running_lotse
from tests.servers.post_office import PostOffice, open_post_office, text_of

LEAD = "katrin.voss@nordhafen.example.org"
PATIENCE = 60.0  # seconds until a mail must be there on a busy machine
IN_DANGER = "Er steht vor der Tür und schlägt dagegen. Die Kinder schlafen noch."

# The demo's own roster says something else at every hour; here the lead is whoever leads the team, and
# only she has a mail, after the page had its time.
PREPARE = """
from datetime import time
from django.utils import timezone
from accounts.models import Membership, Role
from counselling.ladders import Quiet, Rung, Whom
from counselling.models import Escalation, OnCall, Pattern, Shift
from counselling.operations import escalations, ladder_settings
from counselling.sla import Urgency
from outbox.models import Delivery
from time import sleep
Shift.objects.all().delete(); Pattern.objects.all().delete(); OnCall.objects.all().delete()
by = Membership.objects.filter(organisation__slug="nordhafen", role=Role.ADMIN).first()
here = dict(organisation=by.organisation, by=by, at=timezone.now())
ladder_settings.set_quiet(quiet=Quiet(time(0), time(0)), **here)
ladder_settings.set_ladder(urgency=Urgency.SOFORT, rungs=[
    Rung(Whom.ON_DUTY, mail=False, push=False, webhook=False, wait=2),
    Rung(Whom.LEADS, mail=True, push=False, webhook=False, wait=60),
], **here)
# The demo's own alarms are over, and what they have sent is with the post office.
for alarm in Escalation.objects.filter(ended_at__isnull=True):
    escalations.acknowledge(
        escalation=alarm.pk, by=None, how=Escalation.How.PAGE, at=timezone.now()
    )
while Delivery.objects.filter(due_at__isnull=False).exists():
    sleep(0.1)
"""
TWO_MINUTES_LATER = """
from datetime import timedelta
from django.utils import timezone
from counselling.models import Escalation
from counselling.operations import escalations
last = Escalation.objects.filter(ended_at__isnull=True).latest("started_at")
# As if its two minutes were over.
at = timezone.now()
assert last.next_at <= at + timedelta(minutes=2)
Escalation.objects.filter(pk=last.pk).update(next_at=at)
escalations.move_on(at=at)
"""
TRAIL = """
import json
from audit.models import TrailEntry
from counselling.models import Escalation
case = Escalation.objects.filter(how="mail").latest("started_at").case_id
rows = TrailEntry.objects.filter(case=case, action__startswith="escalation.").order_by("pk")
print("TRAIL", json.dumps([[row.action, row.detail] for row in rows]))
"""


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A real mail server."""
    with open_post_office() as office:
        yield office


@pytest.fixture
def lotse(tmp_path: Path, post_office: PostOffice) -> Iterator[Lotse]:
    """A server of its own, which sends its mails to the post office."""
    with running_lotse(
        tmp_path / "lotse",
        LOTSE_EMAIL_HOST="127.0.0.1",
        LOTSE_EMAIL_PORT=str(post_office.port),
        LOTSE_EMAIL_TLS="0",
    ) as server:
        server.manage("shell", "-c", PREPARE)
        post_office.letters.clear()
        yield server


def letter_to_lead(office: PostOffice) -> EmailMessage:
    """Wait for the lead's mail."""
    end = time.monotonic() + PATIENCE
    while not office.to(LEAD):
        assert time.monotonic() < end, "no mail came"
        time.sleep(0.05)
    return office.to(LEAD)[-1]


def test_nobody_acts_until_the_lead_confirms_from_her_mail(
    visit: OpenVisitor, lotse: Lotse, post_office: PostOffice, figures: list[str]
) -> None:
    jonna = Colleague(visit("desktop", base_url=lotse.url).page(), "de-du", "")
    jonna.enter()
    jonna.open_live_queue()
    alarms = jonna.page.locator("#alarm-board .notice--crisis")
    before = alarms.count()
    mother = Parent(visit("phone", base_url=lotse.url).page(), "de-du")
    mother.land()
    mother.open_form()
    mother.fill_in(IN_DANGER, danger="ja")

    began = time.monotonic()
    mother.button("Frage absenden").click(no_wait_after=True)
    expect(alarms).to_have_count(before + 1, timeout=30_000)
    shown = time.monotonic() - began
    expect(jonna.page.locator("body")).to_have_attribute("data-alarm-sound", "played")
    figures.append(f"alarm: banner and sound {shown:.1f} s after the question was sent")
    jonna.look("alarm-queue")
    assert not post_office.to(LEAD)

    lotse.manage("shell", "-c", TWO_MINUTES_LATER)
    letter = letter_to_lead(post_office)
    assert "Tür" not in text_of(letter)
    link = re.search(rf"{re.escape(lotse.url)}\S+", text_of(letter))
    assert link is not None

    # A mail scanner follows the link; that confirms nothing.
    lead = visit("phone", base_url=lotse.url).page()
    lead.goto(link.group())
    expect(lead.get_by_role("button", name="Ich kümmere mich")).to_be_visible()
    no_serious_axe(lead)
    screenshot(lead, "alarm-link")
    assert alarms.count() == before + 1
    lead.get_by_role("button", name="Ich kümmere mich").click()
    expect(lead.get_by_role("heading", name="Danke, bestätigt")).to_be_visible()
    expect(alarms).to_have_count(before, timeout=30_000)
    lead.goto(link.group())
    expect(lead.get_by_role("heading", name="Das ist schon bestätigt")).to_be_visible()

    katrin = Colleague(visit("desktop", base_url=lotse.url).page(), "de", "", LEAD)
    katrin.enter()
    katrin.page.goto("/team/alarme/")
    ended = katrin.page.locator(".rows__item").filter(has_text="aus der E-Mail bestätigt").first
    expect(ended).to_contain_text("Wer Dienst hat")
    expect(ended).to_contain_text("Schichtleitung")
    katrin.look("alarms")
    printed = lotse.manage("shell", "-c", TRAIL)
    trail = json.loads(printed.partition("TRAIL ")[2])
    assert [action for action, _detail in trail] == [
        "escalation.started",
        "escalation.step",
        "escalation.step",
        "escalation.acknowledged",
    ]
    assert [detail.get("whom") for _action, detail in trail[1:3]] == ["on_duty", "leads"]
    assert trail[3][1]["how"] == "mail"
