"""A desk's program reads referrals as FHIR with a token of its own, as long as it may, and nobody else does."""

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from accounts.operations import staff
from audit.models import TrailEntry
from referrals.models import Decline, DeskProgram, PartnerDesk, ProgramWrap
from referrals.operations import consents, desks, partner_moves, programs
from referrals.views import program_api
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from tests.factories.sessions import signed_in
from vault import parcels
from vault.keyring import WrapBroken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> None:
    cache.clear()


def program(of: Membership, name: str = "Akten", *, at: datetime | None = None) -> str:
    """Make a program at a member's desk, and return its token."""
    desk = PartnerDesk.objects.get(team__members=of)
    _made, token = programs.make(
        desk=desk, name=name, by=of, holder=holder_of(of), at=at or timezone.now()
    )
    return token


def get(name: str, *args: Any, token: str = "", method: str = "get") -> HttpResponse:
    """Ask as a program does: no cookies, the token in the header."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer: HttpResponse = getattr(Client(), method)(reverse(name, args=args), headers=headers)
    return answer


def of_kind(answer: HttpResponse, kind: str) -> dict[str, Any]:
    """Return a bundle's resource of a kind."""
    resources = [entry["resource"] for entry in json.loads(answer.content)["entry"]]
    found: dict[str, Any] = next(one for one in resources if one["resourceType"] == kind)
    return found


def one_more(like: Handed) -> Handed:
    """Send another referral to the same service."""
    here = like.asked.case.organisation
    return handoff.sent(
        handoff.suggested(asked=factories.ask(here), counsellor=like.counsellor, to=like.service)
    )


def test_friedas_program_reads_what_lay_there_and_what_comes_later() -> None:
    before, frieda = handoff.at_a_desk()
    token = program(frieda)
    after = one_more(before)
    for handed in (before, after):
        answer = get("fhir-referral", handed.referral, token=token)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/fhir+json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.cookies
        assert of_kind(answer, "ServiceRequest")["note"] == [{"text": handoff.WORDS}]
        assert of_kind(answer, "Task")["status"] == "requested"
        assert of_kind(answer, "Consent")["status"] == "active"
        assert handed.now().seen_at is not None
    noted = TrailEntry.objects.filter(action="referral.read_by_program")
    assert noted.count() == 2
    get("fhir-referral", after.referral, token=token)
    assert noted.count() == 2


def test_the_list_says_where_each_stands_and_no_word_of_anybody() -> None:
    handed, frieda = handoff.at_a_desk(fields={"name": "Ida", "topic": "Schlaf"})
    token = program(frieda)
    gone = one_more(handed)
    consents.revoke(referral=gone.referral, at=timezone.now())
    answer = get("fhir-tasks", token=token)
    said = json.loads(answer.content)
    assert (said["type"], said["total"]) == ("searchset", 2)
    assert [
        (one["resource"]["identifier"][0]["value"], one["resource"]["status"])
        for one in said["entry"]
    ] == [(str(handed.referral), "requested"), (str(gone.referral), "cancelled")]
    for secret in (handoff.WORDS, "Ida", "Schlaf", str(handed.asked.pk)):
        assert secret not in answer.content.decode()


def test_what_a_program_reads_is_what_the_database_does_not_know() -> None:
    handed, frieda = handoff.at_a_desk()
    token = program(frieda)
    row = DeskProgram.objects.get()
    wrap = ProgramWrap.objects.get()
    assert token.encode() not in b"".join([bytes(row.token_hash), bytes(row.public)])
    with pytest.raises(WrapBroken):
        parcels.open_by_program(
            parcel=handed.referral,
            program=row.pk,
            token=parcels.new_program_token(),
            sealed=bytes(wrap.sealed),
        )
    # A wrap that was moved to another referral or program opens nothing there.
    for parcel_, program_ in ((row.pk, row.pk), (handed.referral, handed.referral)):
        with pytest.raises(WrapBroken):
            parcels.open_by_program(
                parcel=parcel_, program=program_, token=token, sealed=bytes(wrap.sealed)
            )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer nichts", "Basic YTpi"])
def test_without_a_valid_token_there_is_nothing(header: str) -> None:
    handed, frieda = handoff.at_a_desk()
    program(frieda)
    for address in (
        reverse("fhir-tasks"),
        reverse("fhir-referral", args=[handed.referral]),
    ):
        answer = Client().get(address, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert json.loads(answer.content)["resourceType"] == "OperationOutcome"
    # Nor does a signed-in browser get in where a program does.
    assert signed_in(frieda).get(reverse("fhir-tasks")).status_code == 401


def test_an_ended_program_reads_nothing_and_no_key_stays_for_it() -> None:
    handed, frieda = handoff.at_a_desk()
    token = program(frieda)
    other = program(frieda, "Statistik")
    page = reverse("partner-programs")
    browser = signed_in(frieda)
    row = DeskProgram.objects.get(name="Akten")
    browser.post(page, {"end": str(row.pk)})
    assert get("fhir-tasks", token=token).status_code == 401
    assert get("fhir-referral", handed.referral, token=token).status_code == 401
    assert not ProgramWrap.objects.filter(program=row).exists()
    one_more(handed)
    assert not ProgramWrap.objects.filter(program=row).exists()
    assert get("fhir-tasks", token=other).status_code == 200
    assert browser.post(page, {"end": str(row.pk)}).status_code == 404
    actions = TrailEntry.objects.filter(action__startswith="program.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "program.made",
        "program.made",
        "program.ended",
    ]


def test_after_a_year_a_token_is_over() -> None:
    _handed, frieda = handoff.at_a_desk()
    token = program(frieda)
    with time_machine.travel(timezone.now() + timedelta(days=364), tick=True):
        assert get("fhir-tasks", token=token).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=True):
        assert get("fhir-tasks", token=token).status_code == 401


def test_who_leaves_the_desk_takes_no_token_along() -> None:
    handed, frieda = handoff.at_a_desk()
    desk = PartnerDesk.objects.get()
    invitation, secret = desks.invite(
        desk=desk, name="Ben Zwei", by=frieda, holder=holder_of(frieda), at=timezone.now()
    )
    ben = staff.accept_as_new(
        invitation=invitation,
        token=secret,
        email="ben@stelle.example",
        password=factories.PASSWORD,
        totp_key=factories.TOTP_KEY,
        totp_step=-1,
        at=timezone.now(),
    )[0]
    of_ben, of_frieda = program(ben, "Bens"), program(frieda, "Friedas")
    assert get("fhir-tasks", token=of_ben).status_code == 200
    desks.end(desk=desk, member=ben.pk, by=frieda, at=timezone.now())
    assert get("fhir-tasks", token=of_ben).status_code == 401
    assert get("fhir-referral", handed.referral, token=of_frieda).status_code == 200
    listed = signed_in(frieda).get(reverse("partner-programs")).content.decode()
    assert "arbeitet nicht mehr hier" in listed


def test_gretas_program_at_another_desk_reads_nothing_of_friedas_and_it_is_noted() -> None:
    handed, _frieda = handoff.at_a_desk()
    lead = factories.enrol(handed.counsellor.organisation, "Ada", role=Role.ADMIN)
    _desk, greta = handoff.desk(handoff.service(2), lead, "Greta Nebenan")
    token = program(greta)
    assert get("fhir-referral", handed.referral, token=token).status_code == 404
    noted = TrailEntry.objects.get(action="referral.access_denied")
    assert noted.detail["reason"] == "not_yours"
    assert json.loads(get("fhir-tasks", token=token).content)["total"] == 0
    # Nor can Greta end Frieda's.
    theirs = program(_frieda)
    page = reverse("partner-programs")
    answer = signed_in(greta).post(page, {"end": str(DeskProgram.objects.latest("made_at").pk)})
    assert answer.status_code == 404
    assert get("fhir-tasks", token=theirs).status_code == 200


def test_what_is_taken_back_declined_or_over_is_closed_for_the_program_in_that_moment() -> None:
    handed, frieda = handoff.at_a_desk()
    token = program(frieda)
    declined, expired = one_more(handed), one_more(handed)
    consents.revoke(referral=handed.referral, at=timezone.now())
    partner_moves.decline(
        referral=declined.referral,
        reason=Decline.FULL,
        by=handoff.side(frieda),
        key=None,
        at=timezone.now(),
    )
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=True):
        answer = get("fhir-referral", expired.referral, token=token)
        assert answer.status_code == 410
    for one in (handed, declined):
        answer = get("fhir-referral", one.referral, token=token)
        assert answer.status_code == 410
        assert handoff.WORDS not in answer.content.decode()
        assert json.loads(answer.content)["issue"][0]["code"] == "deleted"
        assert not ProgramWrap.objects.filter(referral=one.referral).exists()
    reasons = TrailEntry.objects.filter(action="referral.access_denied").order_by("pk")
    assert [entry.detail["reason"] for entry in reasons] == ["expired", "revoked", "ended"]


def test_a_program_answers_nothing_in_a_persons_place() -> None:
    handed, frieda = handoff.at_a_desk()
    token = program(frieda)
    for method in ("post", "put", "patch", "delete"):
        answer = get("fhir-referral", handed.referral, token=token, method=method)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_who_asks_too_often_waits_with_a_token_and_without(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    _handed, frieda = handoff.at_a_desk()
    token, other = program(frieda), program(frieda, "Statistik")
    few = replace(program_api.ASKING, times=2)
    monkeypatch.setattr(program_api, "ASKING", few)
    assert [get("fhir-tasks", token=token).status_code for _time in range(3)] == [200, 200, 429]
    assert get("fhir-tasks", token=other).status_code == 200
    settings.LIMITS_FACTOR = 0.1  # of 20
    answers = [get("fhir-tasks", token="lotse_geraten") for _time in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].headers["Retry-After"] == "900"
    # Who has a token is not kept out by somebody who guesses beside them.
    assert get("fhir-tasks", token=other).status_code == 200


def test_neither_log_nor_trail_nor_page_keeps_a_token_or_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handed, frieda = handoff.at_a_desk()
    browser = signed_in(frieda)
    page = reverse("partner-programs")
    with caplog.at_level(logging.DEBUG):
        shown = browser.post(page, {"name": "Akten"})
        token = shown.context["token"]
        assert token in shown.content.decode()
        get("fhir-referral", handed.referral, token=token)
        get("fhir-referral", handed.referral, token=f"{token}x")
    assert token not in browser.get(page).content.decode()
    kept = caplog.text + repr(list(TrailEntry.objects.values()))
    for secret in (token, token.removeprefix("lotse_"), handoff.WORDS, "schläft"):
        assert secret not in kept


def test_a_desk_has_five_programs_at_most_and_each_has_a_name() -> None:
    _handed, frieda = handoff.at_a_desk()
    browser, page = signed_in(frieda), reverse("partner-programs")
    assert "name" in browser.post(page, {"name": "  "}).context["form"].errors
    for number in range(5):
        assert browser.post(page, {"name": f"Nummer {number}"}).context["token"]
    refused = browser.post(page, {"name": "Nummer 6"})
    assert not refused.context["token"]
    assert "Mehr als fünf" in refused.content.decode()
    assert browser.post(page, {"end": "kein"}).status_code == 404
