"""Four eyes: what a second person reads before the client does."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from counselling.models import Approval, Claim, Draft, HouseRules, Message, WorkProfile
from counselling.operations import approvals, cases, entries, holding, messages
from counselling.second_eyes import changes
from counselling.states import CaseState
from tests.counselling.case_pages import entries as texts
from tests.counselling.case_pages import page_of, send
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back, words
from tests.factories import Asked, ask, claim, client_writes, holder_of, reply
from tests.factories.sessions import signed_in

pytestmark = pytest.mark.django_db
ADVICE = "Legen Sie Ihr Kind früher hin."


@pytest.fixture
def house() -> House:
    return open_house()


@pytest.fixture
def asked(house: House) -> Asked:
    """A question that Jonas, who is in training, has claimed."""
    asked = ask(house.nordhafen, topic="Schlaf")
    claim(asked, house.jonas)
    return asked


def hand_in(asked: Asked, house: House, text: str = ADVICE) -> Approval:
    return approvals.submit(
        case=asked.pk,
        text=text,
        client_msg_id=uuid4(),
        by=house.jonas,
        holder=holder_of(house.jonas),
        at=timezone.now(),
    )


def test_a_trainees_reply_reaches_the_client_only_after_approval(
    house: House, asked: Asked
) -> None:
    assert "Zur Freigabe geben" in page_of(house.jonas, asked)
    status, page = send(house.jonas, "case-submit", asked, ADVICE)
    assert status == 302
    assert "wartet auf Freigabe" in page
    assert "case-reply" not in page
    browser = Client()
    come_back(browser, asked.code.display())
    assert ADVICE not in words(browser.get("/nordhafen/gespraech/"))
    row = asked.now()
    assert (row.state, row.due_at) == (CaseState.CLAIMED, asked.case.due_at)  # its clock runs on
    waiting = signed_in(house.katrin).get(reverse("approvals"))
    assert "Antwort von Jonas Brandt" in words(waiting)
    made = Approval.objects.get()
    signed_in(house.katrin).post(
        reverse("case-decide", args=[asked.pk]),
        {"approval": str(made.pk), "text": ADVICE, "comment": "Gut so.", "seen": 99},
    )
    assert ADVICE in words(browser.get("/nordhafen/gespraech/"))
    row = asked.now()
    assert (row.state, row.due_at) == (CaseState.ANSWERED, None)
    sent = Message.objects.get(case=asked.pk, role=Message.Role.REPLY)
    assert sent.author == house.jonas
    assert "Gut so." in page_of(house.jonas, asked)


def test_what_the_second_person_changes_is_seen_by_the_author(house: House, asked: Asked) -> None:
    made = hand_in(asked, house)
    approvals.approve(
        approval=made.pk,
        text="Legen Sie Ihr Kind etwas früher hin.",
        comment="",
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=timezone.now(),
    )
    assert texts(asked, Message.Role.REPLY) == ["Legen Sie Ihr Kind etwas früher hin."]
    page = page_of(house.jonas, asked)
    assert "Katrin Petersen hat den Text geändert" in page
    assert "<ins>etwas " in page or "<ins> etwas" in page


def test_who_approves_may_give_it_back_with_a_word_and_the_time_begins_anew(
    house: House, asked: Asked
) -> None:
    made = hand_in(asked, house)
    assert Claim.objects.get().returns_at is None
    signed_in(house.katrin).post(
        reverse("case-decide", args=[asked.pk]),
        {"approval": str(made.pk), "text": ADVICE, "comment": "Bitte wärmer.", "return": "1"},
    )
    assert Message.objects.filter(case=asked.pk, role=Message.Role.REPLY).count() == 0
    page = page_of(house.jonas, asked)
    assert "Bitte wärmer." in page
    assert ADVICE in page  # as a draft again
    assert Claim.objects.get().returns_at is not None
    with pytest.raises(approvals.ApprovalGone):
        approvals.give_back(
            approval=made.pk,
            comment="",
            by=house.aylin,
            holder=holder_of(house.aylin),
            at=timezone.now(),
        )


def test_nobody_approves_their_own_reply_nor_while_learning_nor_from_another_team(
    house: House, asked: Asked
) -> None:
    made = hand_in(asked, house)
    WorkProfile.objects.create(member=house.aylin, needs_approval=True)
    for member in (house.jonas, house.aylin):
        with pytest.raises(approvals.MayNotApprove):
            approvals.approve(
                approval=made.pk,
                text=ADVICE,
                comment="",
                by=member,
                holder=holder_of(member),
                at=timezone.now(),
            )
    data = {"approval": str(made.pk), "text": ADVICE}
    address = reverse("case-decide", args=[asked.pk])
    for member in (house.jonas, *house.without_access()):
        assert signed_in(member).post(address, data).status_code == 404
    assert signed_in(house.aylin).post(address, data).status_code == 409
    assert Approval.objects.get().state == Approval.State.WAITING
    assert words(signed_in(house.aylin).get(reverse("approvals"))).count("Jonas") == 0


def test_an_approval_of_another_case_cannot_be_reached_through_ones_own(
    house: House, asked: Asked
) -> None:
    made = hand_in(asked, house)
    other = ask(house.nordhafen, topic="Gewalt")
    address = reverse("case-decide", args=[other.pk])
    signed_in(house.lea).post(address, {"approval": str(made.pk), "text": ADVICE})
    assert Approval.objects.get().state == Approval.State.WAITING


def test_replies_to_sofort_wait_if_the_organisation_says_so(house: House) -> None:
    urgent = ask(house.nordhafen, topic="Schlaf", in_danger=True)
    claim(urgent, house.katrin)
    reply_to: dict[str, Any] = {
        "case": urgent.pk,
        "text": ADVICE,
        "client_msg_id": uuid4(),
        "by": house.katrin,
        "holder": holder_of(house.katrin),
        "at": timezone.now(),
    }
    HouseRules.objects.create(organisation=house.nordhafen, four_eyes_sofort=True)
    with pytest.raises(messages.NeedsApproval):
        messages.reply(**reply_to)
    status, page = send(house.katrin, "case-reply", urgent, ADVICE)
    assert status == 409
    assert "liest erst eine zweite Person" in page
    HouseRules.objects.update(four_eyes_sofort=False)
    assert messages.reply(**reply_to).is_new


def test_the_membership_flag_counts_like_training(house: House) -> None:
    asked = ask(house.nordhafen, topic="Schlaf")
    WorkProfile.objects.create(member=house.katrin, needs_approval=True)
    with pytest.raises(messages.NeedsApproval):
        reply(asked, house.katrin)


def test_the_same_form_twice_is_one_reply_and_a_second_one_has_to_wait(
    house: House, asked: Asked
) -> None:
    token = str(uuid4())
    send(house.jonas, "case-submit", asked, ADVICE, client_msg_id=token)
    send(house.jonas, "case-submit", asked, ADVICE, client_msg_id=token)
    status, page = send(house.jonas, "case-submit", asked, "Noch etwas.")
    assert status == 409
    assert "wartet schon eine Antwort" in page
    assert "Noch etwas." in page
    assert Approval.objects.count() == 1


def test_a_client_who_writes_meanwhile_is_read_before_the_reply_goes(
    house: House, asked: Asked
) -> None:
    made = hand_in(asked, house)
    client_writes(asked, "Es ist schlimmer geworden.")
    page = signed_in(house.katrin).post(
        reverse("case-decide", args=[asked.pk]),
        {"approval": str(made.pk), "text": ADVICE, "seen": 1},
    )
    assert page.status_code == 409
    assert "inzwischen noch etwas geschrieben" in words(page)
    with pytest.raises(entries.Unread):
        approvals.approve(
            approval=made.pk,
            text=ADVICE,
            comment="",
            by=house.katrin,
            holder=holder_of(house.katrin),
            at=timezone.now(),
            seen=1,
        )
    # What is written does not go back to the queue in the meantime.
    assert holding.sweep(at=timezone.now() + timedelta(days=3)) == 0


def test_the_author_takes_it_back_and_letting_go_of_the_case_withdraws_it(
    house: House, asked: Asked
) -> None:
    hand_in(asked, house)
    address = reverse("case-withdraw", args=[asked.pk])
    signed_in(house.katrin).post(address)
    assert Approval.objects.get().state == Approval.State.WAITING
    signed_in(house.jonas).post(address)
    assert Approval.objects.get().state == Approval.State.WITHDRAWN
    assert Draft.objects.count() == 1
    again = hand_in(asked, house, "Zweiter Versuch.")
    cases.release(case=asked.pk, by=house.jonas, at=timezone.now())
    again.refresh_from_db()
    assert again.state == Approval.State.WITHDRAWN
    assert "Zweiter Versuch." in page_of(house.katrin, asked)  # not lost


def test_approving_has_a_clock_of_its_own_that_is_noted_once(house: House, asked: Asked) -> None:
    made = hand_in(asked, house)
    assert made.due_at == made.submitted_at + timedelta(minutes=60)
    assert approvals.note_overdue(at=made.due_at - timedelta(seconds=1)) == 0
    assert approvals.note_overdue(at=made.due_at) == 1
    assert approvals.note_overdue(at=made.due_at) == 0


def test_what_waits_is_sealed_in_the_database(house: House, asked: Asked) -> None:
    made = hand_in(asked, house)
    approvals.give_back(
        approval=made.pk,
        comment="Bitte wärmer.",
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=timezone.now(),
    )
    row = Approval.objects.get()
    stored = bytes(row.sealed) + bytes(row.comment or b"")
    assert ADVICE.encode() not in stored
    assert "wärmer".encode() not in stored


def test_the_list_costs_the_same_for_one_and_for_many(house: House, asked: Asked) -> None:
    def look() -> int:
        browser = signed_in(house.katrin)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse("approvals")).status_code == 200
        return len(captured)

    hand_in(asked, house)
    one = look()
    for _number in range(3):
        more = ask(house.nordhafen, topic="Schlaf")
        claim(more, house.jonas)
        hand_in(more, house)
    assert look() == one


def test_changes_are_shown_word_by_word() -> None:
    pieces = changes("Legen Sie es hin.", "Legen Sie es sanft hin.")
    assert "".join(one.text for one in pieces if one.kind != "in") == "Legen Sie es hin."
    assert "".join(one.text for one in pieces if one.kind != "out") == "Legen Sie es sanft hin."
