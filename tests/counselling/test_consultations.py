"""Asking colleagues for advice inside a case: who reads what, until when, and what stays of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import duties
from accounts.models import Membership, Team
from accounts.operations import keys, staff
from audit.models import TrailEntry
from counselling import consulting, states
from counselling.models import Case, Consultation, ConsultationAnswer
from counselling.operations import cases, consultations, retention
from counselling.operations.consultations import (
    ConsultationGone,
    NobodyToAsk,
    OtherAnswer,
    Unchecked,
)
from counselling.states import ConsultationMove, ConsultationMoved, ConsultationState
from outbox.models import Channel, Delivery
from outbox.operations import sending
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back, words
from tests.factories import (
    Asked,
    advise,
    ask,
    claim,
    close,
    consult,
    enrol,
    holder_of,
)
from vault import parcels, team_keys
from vault.keyring import KeyUnavailable
from vault.models import KeyWrap, StaffKey, TeamKey
from vault.sealing import SealBroken

pytestmark = pytest.mark.django_db
NOW = timezone.now
QUESTION = "Ein Kind wacht jede Nacht auf. Was würdet ihr raten?"
ADVICE = "Eine feste Folge am Abend hilft."


@pytest.fixture
def house(db: None) -> House:
    return open_house()


@pytest.fixture
def asked(house: House) -> Asked:
    return ask(house.nordhafen)


def team(house: House, name: str) -> Team:
    return house.nordhafen.teams.get(name=name)


def reads(member: Membership, consultation: Consultation) -> bool:
    """Say whether somebody opens a consultation with nothing but what their password unlocks."""
    try:
        return bool(consulting.opened(consultation, holder=holder_of(member)).text)
    except KeyUnavailable:
        return False


def wraps(consultation: Consultation) -> list[tuple[str, int]]:
    found = KeyWrap.objects.filter(subject=consultation.pk)
    return sorted(found.values_list("kind", "generation"))


def trail_of(consultation: Consultation) -> list[str]:
    found = TrailEntry.objects.filter(detail__consultation=str(consultation.pk))
    return list(found.order_by("pk").values_list("action", flat=True))


# --- Who reads ----------------------------------------------------------------------------------
def test_lea_of_another_team_reads_what_katrin_wrote_for_her_and_nothing_of_the_case(
    house: House, asked: Asked
) -> None:
    made = consult(asked, house.katrin, house.lea, QUESTION)
    assert wraps(made) == [("case", 0), ("peer", 0)]
    assert consulting.opened(made, holder=holder_of(house.lea)).text == QUESTION
    with pytest.raises(KeyUnavailable):
        holder_of(house.lea).case_key(asked.pk)
    for other in (house.aylin, house.jonas, house.ada, house.boris):
        assert not reads(other, made), other.name


def test_its_key_is_not_the_cases_and_opens_nothing_of_it(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    key = parcels.open_by_colleague(parcel=made.pk, holder=holder_of(house.lea))
    assert key != asked.holder.key
    again = consult(asked, house.katrin, house.lea)
    assert parcels.open_by_colleague(parcel=again.pk, holder=holder_of(house.lea)) != key


def test_everybody_of_an_asked_team_reads_and_answers_and_the_case_has_it_all(
    house: House, asked: Asked
) -> None:
    mia = enrol(house.nordhafen, "Mia Krause", teams=["Krise"])
    made = consult(asked, house.katrin, team(house, "Krise"), QUESTION)
    assert wraps(made) == [("case", 0), ("desk", 1)]
    advise(made, house.lea, ADVICE)
    advise(made, mia, "Ich würde noch nach dem Tag fragen.")
    advise(made, mia, "Und nach dem Stillen.")
    (opened,) = consulting.of_case(asked.now(), holder=holder_of(house.aylin))
    assert opened.text == QUESTION
    assert [(one.author, one.text) for one in opened.answers] == [
        ("Lea Sommer", ADVICE),
        ("Mia Krause", "Ich würde noch nach dem Tag fragen."),
        ("Mia Krause", "Und nach dem Stillen."),
    ]
    made.refresh_from_db()
    assert made.state == ConsultationState.ANSWERED
    # The own team goes too; who asked is not asked.
    own = consult(asked, house.katrin, team(house, "Erziehung"))
    assert consulting.open_for(house.aylin, own.pk)
    assert not consulting.open_for(house.katrin, own.pk)


def test_a_row_that_was_swapped_does_not_open(house: House, asked: Asked) -> None:
    one, other = (consult(asked, house.katrin, house.lea) for _ in range(2))
    Consultation.objects.filter(pk=one.pk).update(sealed=bytes(other.sealed))
    one.refresh_from_db()
    with pytest.raises(SealBroken):
        consulting.opened(one, holder=holder_of(house.lea))
    answer = advise(other, house.lea)
    second = advise(other, house.lea, "Etwas anderes.")
    ConsultationAnswer.objects.filter(pk=answer.pk).update(sealed=bytes(second.sealed))
    with pytest.raises(SealBroken):
        consulting.opened(other, holder=holder_of(house.lea))


# --- Asking -------------------------------------------------------------------------------------
def put(asked: Asked, by: Membership, to: Membership | Team, **fields: Any) -> Consultation:
    given: dict[str, Any] = {
        "case": asked.pk,
        "to": to,
        "text": QUESTION,
        "is_checked": True,
        "client_msg_id": uuid4(),
        "by": by,
        "holder": holder_of(by),
        "at": NOW(),
        **fields,
    }
    return consultations.ask(**given)


def test_only_who_holds_the_case_asks(house: House, asked: Asked) -> None:
    claim(asked, house.katrin)
    with pytest.raises(cases.NotHolder):
        put(asked, house.aylin, house.lea)
    close(asked, house.katrin)
    with pytest.raises(cases.NotHolder):
        put(asked, house.katrin, house.lea)


def test_an_extract_that_nobody_has_checked_goes_to_nobody_outside_the_team(
    house: House, asked: Asked
) -> None:
    claim(asked, house.katrin)
    for to in (house.lea, team(house, "Krise")):
        with pytest.raises(Unchecked):
            put(asked, house.katrin, to, is_checked=False)
    for reader in (house.aylin, team(house, "Erziehung")):
        put(asked, house.katrin, reader, is_checked=False)
    assert Consultation.objects.count() == 2


def test_nobody_asks_themselves_the_administration_another_house_or_who_has_left(
    house: House, asked: Asked
) -> None:
    claim(asked, house.katrin)
    staff.end_membership(member=house.aylin, by=house.ada, at=NOW())
    empty = Team.objects.create(organisation=house.nordhafen, name="Leer", position=9)
    there = house.suedstadt.teams.first()
    assert there
    for to in (house.katrin, house.ada, house.boris, house.aylin, empty, there):
        with pytest.raises(NobodyToAsk):
            put(asked, house.katrin, to)
    StaffKey.objects.filter(user=house.lea.user_id).delete()
    with pytest.raises(NobodyToAsk):
        put(asked, house.katrin, house.lea)
    assert not Consultation.objects.exists()
    assert not KeyWrap.objects.filter(kind__in=["peer", "case"]).exists()


def test_the_same_form_asks_and_answers_once(house: House, asked: Asked) -> None:
    claim(asked, house.katrin)
    token = uuid4()
    first = put(asked, house.katrin, house.lea, client_msg_id=token)
    assert put(asked, house.katrin, house.lea, client_msg_id=token).pk == first.pk

    def say(text: str) -> ConsultationAnswer:
        return consultations.answer(
            consultation=first.pk,
            text=text,
            client_msg_id=token,
            by=house.lea,
            holder=holder_of(house.lea),
            at=NOW(),
        )

    assert say(ADVICE).pk == say(ADVICE).pk
    with pytest.raises(OtherAnswer):
        say("Doch etwas anderes.")


def test_who_was_not_asked_cannot_answer(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    for other in (house.katrin, house.aylin, house.jonas, house.ada, house.boris):
        with pytest.raises(ConsultationGone):
            advise(made, other)


# --- The end ------------------------------------------------------------------------------------
def test_closed_is_closed_lea_reads_it_no_more_and_the_case_keeps_it(
    house: House, asked: Asked
) -> None:
    made = consult(asked, house.katrin, house.lea)
    with pytest.raises(ConsultationMoved):
        consultations.close(consultation=made.pk, by=house.katrin, at=NOW())
    advise(made, house.lea)
    with pytest.raises(ConsultationMoved):
        consultations.withdraw(consultation=made.pk, by=house.katrin, at=NOW())
    with pytest.raises(cases.NotHolder):
        consultations.close(consultation=made.pk, by=house.lea, at=NOW())
    consultations.close(consultation=made.pk, by=house.katrin, at=NOW())
    assert wraps(made) == [("case", 0)]
    assert not reads(house.lea, made)
    with pytest.raises(ConsultationGone):
        advise(made, house.lea)
    (kept,) = consulting.of_case(asked.now(), holder=holder_of(house.katrin))
    assert kept.answers
    assert trail_of(made) == [
        "consultation.asked",
        "consultation.answered",
        "consultation.closed",
    ]


def test_who_holds_the_case_after_katrin_may_end_what_she_asked(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea, let_go=True)
    with pytest.raises(cases.NotHolder):
        consultations.withdraw(consultation=made.pk, by=house.aylin, at=NOW())
    claim(asked, house.aylin)
    consultations.withdraw(consultation=made.pk, by=house.aylin, at=NOW())
    made.refresh_from_db()
    assert made.state == ConsultationState.WITHDRAWN


@pytest.mark.parametrize("is_answered", [False, True])
def test_closing_the_case_ends_them(house: House, asked: Asked, is_answered: bool) -> None:
    made = consult(asked, house.katrin, house.lea)
    if is_answered:
        advise(made, house.lea)
    close(asked, house.katrin)
    made.refresh_from_db()
    assert made.state == ("closed" if is_answered else "withdrawn")
    assert not reads(house.lea, made)
    assert trail_of(made)[-1] == "consultation.ended"


def test_with_the_case_the_consultation_is_gone_key_and_all(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, team(house, "Krise"))
    advise(made, house.lea)
    holder = holder_of(house.lea)
    assert reads(house.lea, made)
    cases.delete(case=asked.pk, by=house.katrin.actor, at=NOW())
    assert not wraps(made)
    assert not Consultation.objects.exists()
    assert not ConsultationAnswer.objects.exists()
    # Also for who has kept a copy of the row.
    with pytest.raises(KeyUnavailable):
        consulting.opened(made, holder=holder)


def test_retention_takes_it_with_the_case(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    advise(made, house.lea)
    close(asked, house.katrin)
    Case.objects.filter(pk=asked.pk).update(
        quiet_since=NOW() - timedelta(days=900), deletion_warned_at=NOW() - timedelta(days=60)
    )
    assert retention.delete_due(at=NOW()) == 1
    assert not wraps(made)
    assert not Consultation.objects.exists()


@pytest.mark.parametrize("what", list(ConsultationMove))
def test_what_has_ended_moves_no_more(what: ConsultationMove) -> None:
    for state in set(ConsultationState) - ConsultationState.open():
        with pytest.raises(ConsultationMoved) as refused:
            states.consultation_after(what, state)
        assert (refused.value.move, refused.value.state) == (what, state)
    stays_open = states.consultation_after(
        what,
        ConsultationState.ANSWERED if what is ConsultationMove.CLOSE else ConsultationState.ASKED,
    )
    assert (stays_open in ConsultationState.open()) == (what is ConsultationMove.ANSWER)


# --- People come and go -------------------------------------------------------------------------
def test_lea_leaves_and_what_she_was_asked_alone_ends(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea)
    kept = holder_of(house.lea)
    staff.end_membership(member=house.lea, by=house.ada, at=NOW())
    made.refresh_from_db()
    assert made.state == ConsultationState.WITHDRAWN
    assert wraps(made) == [("case", 0)]
    with pytest.raises(KeyUnavailable):
        consulting.opened(made, holder=kept)


def test_a_team_goes_on_when_one_of_it_leaves_and_the_new_generation_opens_it(
    house: House, asked: Asked
) -> None:
    mia = enrol(house.nordhafen, "Mia Krause", teams=["Krise"])
    made = consult(asked, house.katrin, team(house, "Krise"), QUESTION)
    kept = holder_of(mia)
    staff.end_membership(member=mia, by=house.ada, at=NOW())
    with pytest.raises(KeyUnavailable):
        consulting.opened(made, holder=kept)
    duties.do(member=house.lea, holder=holder_of(house.lea))
    assert wraps(made) == [("case", 0), ("desk", 2)]
    assert reads(house.lea, made)
    assert not reads(mia, made)
    advise(made, house.lea)
    # Somebody new in the team reads it too, once a colleague has handed the key on.
    nora = enrol(house.nordhafen, "Nora Neu", teams=["Krise"])
    assert reads(nora, made)


def test_a_generation_stays_as_long_as_a_consultation_is_wrapped_for_it(
    house: House, asked: Asked
) -> None:
    made = consult(asked, house.katrin, team(house, "Krise"))
    keys.renew(team=team(house, "Krise"), by=house.ada, at=NOW())
    long_after = NOW() + timedelta(days=9)
    team_keys.drop_unused(ended_before=long_after)
    assert TeamKey.objects.filter(team=team(house, "Krise").pk).count() == 2
    duties.do(member=house.lea, holder=holder_of(house.lea))
    team_keys.drop_unused(ended_before=long_after)
    assert TeamKey.objects.filter(team=team(house, "Krise").pk).count() == 1
    assert reads(house.lea, made)


def test_it_goes_with_the_case_to_another_team(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.aylin)
    advise(made, house.aylin)
    cases.hand_to_team(
        case=asked.pk,
        to=team(house, "Krise"),
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=NOW(),
    )
    (opened,) = consulting.of_case(asked.now(), holder=holder_of(house.lea))
    assert opened.answers
    with pytest.raises(KeyUnavailable):
        consulting.of_case(asked.now(), holder=holder_of(house.katrin))


# --- What others see ----------------------------------------------------------------------------
def test_the_client_sees_nothing_of_it_nor_takes_it_along(house: House, asked: Asked) -> None:
    secret = "Kanarienvogel in der Frage"
    made = consult(asked, house.katrin, house.lea, secret)
    advise(made, house.lea, "Kanarienvogel im Rat")
    browser = Client()
    come_back(browser, asked.code.display())
    for path in ("", "mitnehmen/?als=json", "mitnehmen/?als=text", "mitnehmen/?als=html"):
        page = browser.get(f"/nordhafen/gespraech/{path}")
        assert "Kanarienvogel" not in page.content.decode(), path
        assert house.lea.name not in words(page), path


def test_the_trail_says_that_and_never_what(house: House, asked: Asked) -> None:
    made = consult(asked, house.katrin, house.lea, QUESTION)
    advise(made, house.lea, ADVICE)
    consultations.note_reading(consultation=made, by=house.lea, at=NOW())
    entries = TrailEntry.objects.filter(detail__consultation=str(made.pk))
    assert {entry.case for entry in entries} == {asked.pk}
    assert entries.get(action="consultation.asked").detail["recipient"] == str(house.lea.pk)
    said = " ".join(str(entry.detail) for entry in entries)
    assert QUESTION not in said
    assert ADVICE not in said


def test_a_mail_says_that_somebody_asks_and_never_what_or_about_whom(
    house: House, asked: Asked, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Delivery.objects.all().delete()  # the alarms of before
    made = consult(asked, house.katrin, house.lea, QUESTION)
    sending.sweep(channel=Channel.MAIL, now=NOW)
    advise(made, house.lea, ADVICE)
    sending.sweep(channel=Channel.MAIL, now=NOW)
    assert [message.to for message in mail.outbox] == [
        [house.lea.user.email],
        [house.katrin.user.email],
    ]
    for message in mail.outbox:
        said = f"{message.subject} {message.body}"
        for never in (QUESTION, ADVICE, str(asked.pk), asked.case.reference):
            assert never not in said
    # What was withdrawn before it left says nothing any more.
    second = consult(asked, house.katrin, house.lea)
    consultations.withdraw(consultation=second.pk, by=house.katrin, at=NOW())
    assert not sending.sweep(channel=Channel.MAIL, now=NOW)
