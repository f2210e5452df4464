"""What is near is said in time: the client's page and the service's mail remind of an appointment, and the
counsellor's open page shows a service's answer without being loaded anew.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from outbox.models import Delivery
from referrals.models import Appointment, Decline
from referrals.operations import (
    client_moves,
    consents,
    following_up,
    partner_moves,
    partner_reading,
)
from referrals.operations.partner_moves import Slot
from referrals.operations.partner_reading import BY_LINK
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)  # ten o'clock in Hamburg
FRIDAY = datetime(2026, 11, 27, 13, 30, tzinfo=UTC)


def with_appointment(
    at: datetime = MONDAY, starts_at: datetime = FRIDAY, *, by_link: bool = False
) -> Handed:
    """Return a referral whose client has picked an appointment."""
    if by_link:
        handed, side = handoff.sent(at=at), BY_LINK
    else:
        handed, frieda = handoff.at_a_desk(at=at)
        side = handoff.side(frieda)
    key = handed.key()
    partner_moves.accept(referral=handed.referral, by=side, key=key, at=at)
    slots = [Slot(starts_at, text="Raum 12")]
    partner_moves.offer(referral=handed.referral, slots=slots, by=side, key=key, at=at)
    offered = handed.now().appointments.get()
    client_moves.pick(referral=handed.referral, appointment=offered.pk, at=at)
    return handed


def thread_at(handed: Handed, moment: datetime) -> str:
    """Return the client's conversation as it is at a moment, on a device that comes back by the code."""
    with time_machine.travel(moment, tick=True):
        browser = Client()
        browser.post(reverse("return", args=["nordhafen"]), {"code": handed.asked.code.display()})
        return browser.get(reverse("thread", args=["nordhafen"])).content.decode()


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (FRIDAY - timedelta(days=3, minutes=1), ""),
        (FRIDAY - timedelta(days=3) + timedelta(minutes=1), "Am Freitag, 27. November um 14:30"),
        (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), "Morgen um 14:30 Uhr"),  # Thursday there
        (FRIDAY - timedelta(hours=3), "Heute um 14:30 Uhr"),
        (FRIDAY + timedelta(minutes=1), ""),
    ],
)
def test_the_clients_page_reminds_in_time_without_an_account_and_without_a_mail(
    moment: datetime, said: str
) -> None:
    handed = with_appointment()
    page = thread_at(handed, moment)
    assert ("Termin ansehen" in page) is bool(said)
    assert said in page


def test_taken_back_or_missed_nobody_is_reminded() -> None:
    handed = with_appointment()
    Appointment.objects.filter(referral=handed.referral).update(dropped_at=MONDAY)
    assert "Termin ansehen" not in thread_at(handed, FRIDAY - timedelta(hours=3))
    assert following_up.follow_up(at=FRIDAY - timedelta(hours=3)) == 0


@pytest.mark.parametrize("by_link", [False, True])
def test_the_service_is_reminded_once_by_a_mail_that_names_nobody(by_link: bool) -> None:
    handed = with_appointment(by_link=by_link)
    for hours in (25, 24, 23):
        following_up.follow_up(at=FRIDAY - timedelta(hours=hours))
    [mail] = Delivery.objects.filter(key__contains=":appointment:")
    assert "in den nächsten 24 Stunden" in mail.body
    for secret in ("Raum 12", handoff.WORDS, "14:30", handed.asked.case.reference):
        assert secret not in mail.body + mail.subject


def test_an_appointment_of_the_same_day_is_not_called_tomorrow() -> None:
    handed = with_appointment(starts_at=MONDAY + timedelta(hours=4))
    assert following_up.follow_up(at=MONDAY + timedelta(minutes=5)) == 1
    mail = Delivery.objects.get(key__contains=":appointment:")
    assert "orgen" not in mail.body + mail.subject
    assert "Heute um 14:00 Uhr" in thread_at(handed, MONDAY + timedelta(hours=1))


def box_address(page: str) -> str:
    """Return the address at which an open case page asks for its referrals."""
    return page.split('id="vermittlung"')[1].split('hx-get="')[1].split('"')[0]


def test_katrins_open_page_learns_what_the_service_answers() -> None:
    handed, frieda = handoff.at_a_desk()
    katrin = signed_in(handed.counsellor)
    page = katrin.get(reverse("case", args=[handed.asked.pk])).content.decode()
    assert "gesendet" in page.split('id="vermittlung"')[1]
    address = box_address(page)
    assert katrin.get(address).status_code == 204
    partner_moves.decline(
        referral=handed.referral,
        reason=Decline.FULL,
        by=handoff.side(frieda),
        key=None,
        at=timezone.now(),
    )
    news = katrin.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "abgelehnt" in news
    assert "bitte ansehen" in news
    assert 'hx-swap-oob="innerHTML:#live-region"' in news
    after = box_address(news)
    assert katrin.get(after).status_code == 204
    katrin.post(reverse("referral", args=[handed.asked.pk, handed.referral]), {"act": "handled"})
    assert "bitte ansehen" not in katrin.get(after).content.decode()


def test_a_counsellor_of_another_house_learns_nothing() -> None:
    handed = handoff.sent()
    elsewhere = factories.enrol(factories.organisation("suedhafen"), "Otto Anderswo")
    address = reverse("referral-box", args=[handed.asked.pk])
    assert signed_in(elsewhere).get(address).status_code == 404


def listed(of: Handed) -> tuple[str, str]:
    """Return what Katrin's list says of what waits for her, and of what is under way."""
    page = signed_in(of.counsellor).get(reverse("referrals")).content.decode()
    waits, _title, under_way = page.partition("Unterwegs</h2>")
    return (waits, under_way) if "Bitte ansehen" in waits else ("", page)


def done(handed: Handed) -> None:
    """Let Katrin say that she has done it."""
    address = reverse("referral", args=[handed.asked.pk, handed.referral])
    signed_in(handed.counsellor).post(address, {"act": "handled"})


def test_a_code_that_nobody_has_told_waits_for_katrin_until_it_is_told_or_used() -> None:
    handed = handoff.sent()
    assert "sagen Sie ihr den Code" in listed(handed)[0]
    done(handed)
    assert listed(handed)[0] == ""
    other = handoff.sent(
        handoff.suggested(
            asked=factories.ask(handed.asked.case.organisation),
            counsellor=handed.counsellor,
            to=handoff.service(2),
        )
    )
    assert "sagen Sie ihr den Code" in listed(other)[0]
    _link, key = partner_reading.open_link(
        token=handoff.token_of(other), code=other.codes().link, at=timezone.now()
    )
    partner_reading.read_by_link(referral=other.now(), key=key, at=timezone.now())
    assert listed(other)[0] == ""


def test_on_paper_katrin_sends_reminds_and_tells_since_nobody_else_can() -> None:
    by_post = handoff.service(1, email="", referral_ways=["telefon"])
    handed = handoff.sent(to=by_post, at=MONDAY)
    assert "schicken Sie der Stelle den Brief" in listed(handed)[0]
    done(handed)
    assert listed(handed)[0] == ""
    due = handed.now().due_at
    assert due is not None
    following_up.follow_up(at=due)
    assert "fragen Sie bei der Stelle nach" in listed(handed)[0]
    done(handed)
    assert listed(handed)[0] == ""
    consents.revoke(referral=handed.referral, at=due)
    page = signed_in(handed.counsellor).get(
        reverse("referral", args=[handed.asked.pk, handed.referral])
    )
    assert "sagen Sie der Stelle nur das" in page.content.decode()
    assert "sagen Sie der Stelle nur das" in listed(handed)[0]
    done(handed)
    assert by_post.name not in "".join(listed(handed))


def test_what_lies_at_a_desk_waits_for_the_desk_and_not_for_katrin() -> None:
    handed, _frieda = handoff.at_a_desk()
    assert listed(handed)[0] == ""
    consents.revoke(referral=handed.referral, at=timezone.now())
    assert listed(handed)[0] == ""
