"""A referral from suggestion to outcome through the pages, and what each side sees of it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.models import TrailEntry
from referrals.models import (
    Act,
    Appointment,
    Decline,
    Necessity,
    Outcome,
    OwnReport,
    Referral,
)
from referrals.operations import (
    client_moves,
    documents,
    necessities,
    partner_moves,
    partner_reading,
    suggestions,
)
from referrals.queries import candidates, handoff_figures
from referrals.queries import handoff as queries
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in
from tests.referrals.handoff.client_pages import NOW, address, client_of
from vault import parcels

pytestmark = pytest.mark.django_db


def test_frieda_answers_and_the_client_reads_each_move_in_plain_german() -> None:
    handed, frieda = handoff.at_a_desk()
    partner, client = signed_in(frieda), client_of(handed.asked)
    page = reverse("partner-referral", args=[handed.referral])
    shown = partner.get(page).content.decode()
    assert handoff.WORDS in shown
    # When the client wrote, and who at the counselling suggested it, is not the service's business.
    assert "Text vorbereitet" not in shown
    assert handed.counsellor.name not in shown
    partner.post(page, {"act": "ask_back", "ask_back-text": "Geht auch nachmittags?"})
    seen = client.get(address("help-referral", handed)).content.decode()
    assert "Geht auch nachmittags?" in seen
    assert "Die Stelle hat eine Frage an Sie." in seen
    client.post(
        address("help-referral", handed), {"act": "answer", "answer-text": "Ja, ab 15 Uhr."}
    )
    assert "Ja, ab 15 Uhr." in partner.get(page).content.decode()
    partner.post(page, {"act": "accept", "accept-text": ""})
    tomorrow = timezone.localtime(timezone.now() + timedelta(days=1))
    partner.post(
        page,
        {
            "act": "offer",
            "offer-slot_1": f"{tomorrow:%Y-%m-%dT10:00}",
            "offer-slot_2": f"{tomorrow:%d.%m.%Y 14:30}",
            "offer-minutes": "50",
            "offer-place": "Raum 12; Hof",
        },
    )
    assert Appointment.objects.filter(referral=handed.referral).count() == 2
    chosen = Appointment.objects.filter(referral=handed.referral).first()
    assert chosen is not None
    client.post(address("help-referral", handed), {"act": "pick", "appointment": str(chosen.pk)})
    assert handed.now().state == Referral.State.APPOINTMENT
    calendar = client.get(address("help-calendar", handed)).content.decode()
    assert "LOCATION:Raum 12\\; Hof" in calendar
    assert handed.service.name not in calendar
    partner.post(page, {"act": "arrive"})
    partner.post(page, {"act": "begin"})
    partner.post(page, {"act": "complete", "complete-outcome": "helped"})
    row = handed.now()
    assert (row.state, row.outcome) == (Referral.State.COMPLETED, Outcome.HELPED)
    assert partner.get(page).status_code == 410
    history = client.get(address("help-referral", handed)).content.decode()
    for sentence in (
        "Eingewilligt und gesendet",
        "Die Stelle hat gelesen",
        "Die Stelle hat angenommen",
        "Termin ausgesucht",
        "Bei der Stelle angekommen",
        "Die Stelle hat abgeschlossen",
    ):
        assert sentence in history
    moves = set(TrailEntry.objects.filter(case=handed.asked.pk).values_list("action", flat=True))
    assert {"referral.suggested", "referral.confirmed", "referral.completed"} <= moves


def test_katrin_sees_the_same_and_enters_what_a_service_says_on_the_telephone() -> None:
    handed = handoff.sent(to=handoff.service(1, email="", referral_ways=["telefon"]))
    # The provider has no mail address either: paper and telephone.
    assert handed.now().way == Referral.Way.LETTER
    katrin = signed_in(handed.counsellor)
    page = reverse("referral", args=[handed.asked.pk, handed.referral])
    assert handoff.WORDS in katrin.get(page).content.decode()
    katrin.post(page, {"act": "waitlist", "waitlist-weeks": "6", "waitlist-text": "Brief folgt."})
    row = handed.now()
    assert (row.state, row.weeks) == (Referral.State.WAITLISTED, 6)
    act = Act.objects.get(referral=row, move="waitlist")
    assert act.entered
    seen = client_of(handed.asked).get(address("help-referral", handed)).content.decode()
    assert "eingetragen von der Beratung" in seen
    assert "Brief folgt." in seen


def test_a_declined_referral_waits_for_katrins_look_and_leads_to_the_next() -> None:
    handed, frieda = handoff.at_a_desk()
    signed_in(frieda).post(
        reverse("partner-referral", args=[handed.referral]),
        {"act": "decline", "decline-reason": "full"},
    )
    katrin = signed_in(handed.counsellor)
    listed = katrin.get(reverse("referrals")).content.decode()
    assert "Bitte ansehen" in listed
    page = reverse("referral", args=[handed.asked.pk, handed.referral])
    assert reverse("referral-suggest", args=[handed.asked.pk]) in katrin.get(page).content.decode()
    katrin.post(page, {"act": "handled"})
    assert "Bitte ansehen" not in katrin.get(reverse("referrals")).content.decode()
    seen = client_of(handed.asked).get(address("help-referral", handed)).content.decode()
    assert "keine Plätze" in seen


def test_in_acute_danger_it_takes_two_and_the_client_sees_it() -> None:
    handed = handoff.suggested()
    here, katrin = handed.counsellor.organisation, handed.counsellor
    mehmet = factories.enrol(here, "Mehmet Aydin")
    other = handoff.service(2)
    with pytest.raises(necessities.ReasonMissing):
        propose(handed, other, reason="")
    row = propose(handed, other)
    assert not parcels.is_open_for_partner(row.pk)
    with pytest.raises(necessities.SamePerson):
        necessities.confirm(referral=row.pk, by=katrin, holder=holder_of(katrin), at=timezone.now())
    page = reverse("referral", args=[handed.asked.pk, row.pk])
    assert "Blaue Flecken" in signed_in(mehmet).get(page).content.decode()
    signed_in(mehmet).post(page, {"act": "second_yes"})
    row.refresh_from_db()
    assert row.state == Referral.State.SENT
    steps = list(
        TrailEntry.objects.filter(action__startswith="necessity.")
        .order_by("pk")
        .values_list("action", "actor")
    )
    assert steps == [("necessity.proposed", katrin.pk), ("necessity.confirmed", mehmet.pk)]
    client = client_of(handed.asked)
    seen = client.get(reverse("help-referral", args=[here.slug, row.pk])).content.decode()
    assert "ohne Ihre Einwilligung" in seen
    client.post(reverse("help-referral", args=[here.slug, row.pk]), {"act": "revoke"})
    row.refresh_from_db()
    assert row.state == Referral.State.SENT  # what prevents a danger is not taken back by a click


def propose(handed: Handed, to: object, reason: str = "Blaue Flecken, Vater droht.") -> Referral:
    """Let Katrin propose to hand on without consent."""
    return necessities.propose(
        case=handed.asked.pk,
        service=to,  # type: ignore[arg-type]
        ground=Necessity.Ground.CHILD,
        reason=reason,
        text="Bitte sofort prüfen.",
        told=False,
        not_told=Necessity.NotTold.DANGER,
        by=handed.counsellor,
        holder=holder_of(handed.counsellor),
        at=timezone.now(),
    )


def test_the_client_is_asked_after_two_and_six_weeks_and_the_service_never_reads_it() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    with pytest.raises(client_moves.NothingToReport):
        client_moves.report(
            referral=handed.referral, how=OwnReport.HELPED, at=NOW + timedelta(days=13)
        )
    for days, how in ((14, "no_contact"), (42, "helped")):
        client_moves.report(
            referral=handed.referral,
            how=OwnReport(how),
            at=NOW + timedelta(days=days),
        )
    row = handed.now()
    assert (row.report_early, row.report_late, row.outcome) == ("no_contact", "helped", "")
    with time_machine.travel(NOW + timedelta(days=43), tick=True):
        page = signed_in(frieda).get(reverse("partner-referral", args=[handed.referral]))
    assert "Es hat sich niemand gemeldet" not in page.content.decode()
    assert "mir wurde geholfen" not in page.content.decode()


def test_one_to_three_services_at_once_and_each_only_once() -> None:
    handed = handoff.suggested()
    katrin, now = handed.counsellor, timezone.now()
    many = [handoff.service(number) for number in (2, 3, 4, 5)]

    def suggest(services: list[object]) -> None:
        suggestions.suggest(
            case=handed.asked.pk,
            services=services,  # type: ignore[arg-type]
            text="",
            by=katrin,
            holder=holder_of(katrin),
            at=now,
        )

    for wrong in ([], many):
        with pytest.raises(suggestions.TooMany):
            suggest(list(wrong))
    with pytest.raises(suggestions.AlreadySuggested):
        suggest([handed.service])
    suggest(list(many[:3]))
    assert Referral.objects.filter(case=handed.asked.pk).count() == 4


def test_how_a_service_answers_moves_it_and_the_reasons_say_so() -> None:
    here = factories.organisation()
    katrin = factories.enrol(here)
    slow = handoff.service(1, capacity_code="voll")
    quick = handoff.service(2, capacity_code="frei")
    asked = factories.ask(here, age_band="1-3")
    for number in range(5):
        for service, hours in ((slow, 120), (quick, 3)):
            handed = handoff.sent(
                handoff.suggested(asked=factories.ask(here), counsellor=katrin, to=service, at=NOW),
                at=NOW,
            )
            side = partner_reading.entered_by(katrin)
            at = NOW + timedelta(hours=hours)
            if service == quick:
                partner_moves.accept(referral=handed.referral, by=side, key=None, at=at)
            else:
                partner_moves.decline(
                    referral=handed.referral,
                    reason=Decline.FULL,
                    by=side,
                    key=None,
                    at=at,
                )
        assert number < 5
    documents.catch_up()  # as after the commits that a test does not make
    found = candidates.candidates(
        case=asked.case, words="Erziehungsberatung", place="Hamburg", at=NOW + timedelta(days=7)
    )
    assert [one.service.pk for one in found[:2]] == [quick.pk, slow.pk]
    assert {"accepts", "quick", "room", "age"} <= {str(r) for r in found[0].judged.reasons}
    assert {"declines", "full"} <= {str(r) for r in found[1].judged.reasons}

    figures = handoff_figures.figures(here.pk, at=NOW + timedelta(days=8))
    stages = {cell.label: cell.count for cell in figures.stages}
    assert stages == {"sent": 10, "seen": 10, "accepted": 5, "arrived": 0, "helped": 0}
    assert {cell.label: cell.count for cell in figures.declines} == {"full": 5}
    assert [(district, [c.count for c in cells]) for district, cells in figures.districts] == [
        ("02000", [5])
    ]
    assert figures.median is not None


def test_small_counts_are_left_out_and_so_is_what_would_give_them_away() -> None:
    here = factories.organisation()
    katrin = factories.enrol(here)
    for number in range(6):
        handed = handoff.sent(
            handoff.suggested(
                asked=factories.ask(here), counsellor=katrin, to=handoff.service(number + 1), at=NOW
            ),
            at=NOW,
        )
        if number < 2:
            side = partner_reading.entered_by(katrin)
            at = NOW + timedelta(hours=1)
            partner_moves.accept(referral=handed.referral, by=side, key=None, at=at)
    figures = handoff_figures.figures(here.pk, at=NOW + timedelta(days=1))
    stages = {cell.label: cell.count for cell in figures.stages}
    assert stages["sent"] == 6
    assert stages["accepted"] is None
    assert figures.median is None
    browser = signed_in(factories.enrol(here, "Inken Plan", role=Role.PLANNER))
    assert browser.get(reverse("referral-figures")).status_code == 200


def test_lists_cost_the_same_for_one_and_for_many() -> None:
    handed, frieda = handoff.at_a_desk()
    katrin = handed.counsellor
    pages = ((signed_in(frieda), "partner-desk"), (signed_in(katrin), "referrals"))
    for browser, name in pages:
        browser.get(reverse(name))
    before = [count(browser, name) for browser, name in pages]
    for _number in range(4):
        handoff.sent(
            handoff.suggested(
                asked=factories.ask(katrin.organisation), counsellor=katrin, to=handed.service
            )
        )
    assert [count(browser, name) for browser, name in pages] == before


def count(browser: Client, name: str) -> int:
    """Return how many queries a page takes."""
    with CaptureQueriesContext(connection) as queries_:
        assert browser.get(reverse(name)).status_code == 200
    return len(queries_)


def test_the_clients_download_and_thread_still_work_and_the_case_page_shows_the_box() -> None:
    handed = handoff.sent()
    page = signed_in(handed.counsellor).get(reverse("case", args=[handed.asked.pk]))
    assert handed.service.name in page.content.decode()
    assert queries.of_case(handed.asked.case)[0].pk == handed.referral
