"""Whoever changes a sealed row gets an error with a name and an alert, never another text.

Every kind of seal is changed in every way: a bit, a byte cut off, another row's bytes, another role, another
number, another recipient, another generation.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import TrailEntry
from counselling import places, queries
from counselling.models import Draft, Message, Rating, Review
from counselling.operations import cases, drafts, ratings
from counselling.sla import Urgency
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back
from tests.factories import Asked, ask, claim, holder_of, reply, review
from tests.factories.people import PASSWORD
from tests.factories.sessions import signed_in
from vault import alerts, boxes, keyring, staff_keys, team_keys
from vault.boxes import Binding, BoxBroken
from vault.keyring import WrapBroken
from vault.models import KeyWrap, StaffKeyWrap, TeamKey, TeamKeySeal
from vault.sealing import CaseKey, Place, SealBroken, new_case_key, open_sealed, seal
from vault.team_keys import TeamSealBroken

NOW = timezone.now
TEXTS = st.text(st.characters(codec="utf-8"), max_size=600)
CASE, OTHER, TOKEN = uuid4(), uuid4(), uuid4()
PLACE = Place(CASE, 3, "client", TOKEN)


@st.composite
def damage(draw: st.DrawFn, sealed: bytes) -> bytes:
    """Return sealed bytes with a bit flipped, cut off, added to, or exchanged."""
    how = draw(st.sampled_from(["flip", "cut", "cut in front", "add", "empty", "random"]))
    if how == "flip":
        place = draw(st.integers(0, len(sealed) - 1))
        bit = 1 << draw(st.integers(0, 7))
        return sealed[:place] + bytes([sealed[place] ^ bit]) + sealed[place + 1 :]
    if how == "cut":
        return sealed[: draw(st.integers(0, len(sealed) - 1))]
    if how == "cut in front":
        return sealed[draw(st.integers(1, len(sealed))) :]
    if how == "add":
        return sealed + draw(st.binary(min_size=1, max_size=40))
    if how == "random":
        return bytes([sealed[0]]) + draw(
            st.binary(min_size=len(sealed) - 1, max_size=len(sealed) - 1).filter(
                lambda data: data != sealed[1:]
            )
        )
    return b""


# --- Texts ------------------------------------------------------------------------------------
@given(TEXTS, st.data())
def test_a_damaged_text_never_opens(text: str, data: st.DataObject) -> None:
    key = new_case_key()
    sealed = seal(text, key=key, place=PLACE)
    damaged = data.draw(damage(sealed))
    alerts.drain()
    with pytest.raises(SealBroken):
        open_sealed(damaged, key=key, place=PLACE)
    assert [alert.subject for alert in alerts.drain()] == [CASE]
    assert open_sealed(sealed, key=key, place=PLACE) == text
    assert alerts.drain() == []


@given(
    st.one_of(
        st.uuids().map(lambda case: replace(PLACE, case=case)),
        st.integers(0, 2**63).map(lambda seq: replace(PLACE, seq=seq)),
        st.sampled_from(["reply", "note", "system", "draft", "facts", "rating", "review"]).map(
            lambda role: replace(PLACE, role=role)
        ),
        st.one_of(st.none(), st.uuids()).map(lambda token: replace(PLACE, token=token)),
    ).filter(lambda place: place != PLACE)
)
def test_a_text_opens_in_no_other_place(place: Place) -> None:
    key = new_case_key()
    sealed = seal("Mein Text", key=key, place=PLACE)
    with pytest.raises(SealBroken):
        open_sealed(sealed, key=key, place=place)
    with pytest.raises(SealBroken):
        open_sealed(sealed, key=new_case_key(), place=PLACE)


# --- Keys -------------------------------------------------------------------------------------
BINDING = Binding("case-team", CASE, OTHER, 2)
BINDINGS = st.builds(
    Binding,
    purpose=st.sampled_from(["case-team", "case-code", "case-staff", "team-staff", "staff-card"]),
    subject=st.sampled_from([CASE, OTHER]),
    recipient=st.sampled_from([CASE, OTHER, TOKEN]),
    number=st.integers(0, 2**63),
).filter(lambda binding: binding != BINDING)


@given(st.binary(min_size=32, max_size=32), st.data())
def test_a_damaged_key_never_opens(secret: bytes, data: st.DataObject) -> None:
    mine, public = boxes.new_pair()
    posted = boxes.post(secret, to=public, binding=BINDING)
    locked = boxes.lock(secret, key=mine, binding=BINDING)
    with pytest.raises(BoxBroken):
        boxes.collect(data.draw(damage(posted)), secret=mine, binding=BINDING)
    with pytest.raises(BoxBroken):
        boxes.unlock(data.draw(damage(locked)), key=mine, binding=BINDING)
    assert boxes.collect(posted, secret=mine, binding=BINDING) == secret
    assert boxes.unlock(locked, key=mine, binding=BINDING) == secret


@given(BINDINGS)
def test_a_key_opens_as_nothing_else_and_for_nobody_else(other: Binding) -> None:
    mine, public = boxes.new_pair()
    posted = boxes.post(b"k" * 32, to=public, binding=BINDING)
    locked = boxes.lock(b"k" * 32, key=mine, binding=BINDING)
    with pytest.raises(BoxBroken):
        boxes.collect(posted, secret=mine, binding=other)
    with pytest.raises(BoxBroken):
        boxes.unlock(locked, key=mine, binding=other)
    stranger, _public = boxes.new_pair()
    with pytest.raises(BoxBroken):
        boxes.collect(posted, secret=stranger, binding=BINDING)
    with pytest.raises(BoxBroken):
        boxes.unlock(locked, key=stranger, binding=BINDING)


# --- Rows of the database ---------------------------------------------------------------------
@pytest.fixture
def house(db: None) -> House:
    return open_house()


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done to the rows within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    alerts.drain()


ROWS: dict[str, Callable[[Asked, House], tuple[object, str]]] = {
    "message": lambda a, h: (Message.objects.get(case=a.pk, seq=1), "sealed"),
    "reply": lambda a, h: (Message.objects.get(case=a.pk, role="reply"), "sealed"),
    "draft": lambda a, h: (Draft.objects.get(case=a.pk), "sealed"),
    "rating": lambda a, h: (Rating.objects.get(case=a.pk), "sealed"),
    "facts": lambda a, h: (a.now(), "facts"),
    "wrap for the team": lambda a, h: (KeyWrap.objects.get(subject=a.pk, kind="team"), "sealed"),
    "team's seal": lambda a, h: (
        TeamKeySeal.objects.get(
            team_key=team_keys.current(a.case.team_id),
            recipient=holder_of(h.katrin).unlocked.staff_key,
        ),
        "sealed",
    ),
}


def full_case(house: House) -> Asked:
    asked = ask(house.nordhafen, postcode="24103")
    reply(asked, house.katrin)
    drafts.save(
        case=asked.pk, text="Entwurf", by=house.katrin, holder=holder_of(house.katrin), at=NOW()
    )
    ratings.rate(case=asked.pk, stars=5, text="Danke", holder=asked.holder, at=NOW())
    return asked


def open_everything(asked: Asked, house: House) -> None:
    """Open all that a member opens of a case."""
    case, holder = asked.now(), holder_of(house.katrin)
    queries.thread(case, holder=holder)
    queries.facts(case, holder=holder)
    queries.draft(case, holder=holder)
    queries.rating(case, holder=holder)


@pytest.mark.parametrize("kind", ROWS)
def test_a_damaged_row_is_an_error_and_an_alert(kind: str, house: House) -> None:
    asked = full_case(house)
    open_everything(asked, house)
    row, field = ROWS[kind](asked, house)
    sealed = bytes(getattr(row, field))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(damage(sealed))
    def damaged(changed: bytes) -> None:
        with undone():
            type(row).objects.filter(pk=row.pk).update(**{field: changed})  # type: ignore[attr-defined]
            with pytest.raises((SealBroken, WrapBroken)):
                open_everything(asked, house)
            assert alerts.pending()

    damaged()
    open_everything(asked, house)


def swap(one: object, other: object) -> None:
    """Exchange the sealed bytes of two rows."""
    model = type(one)
    first, second = bytes(one.sealed), bytes(other.sealed)  # type: ignore[attr-defined]
    model.objects.filter(pk=one.pk).update(sealed=second)  # type: ignore[attr-defined]
    model.objects.filter(pk=other.pk).update(sealed=first)  # type: ignore[attr-defined]


def test_rows_that_change_places_do_not_open(house: House) -> None:
    one, other = full_case(house), full_case(house)
    pairs: list[tuple[object, object]] = [
        (Message.objects.get(case=one.pk, seq=1), Message.objects.get(case=other.pk, seq=1)),
        (Message.objects.get(case=one.pk, seq=1), Message.objects.get(case=one.pk, seq=2)),
        (Draft.objects.get(case=one.pk), Draft.objects.get(case=other.pk)),
        (Rating.objects.get(case=one.pk), Rating.objects.get(case=other.pk)),
        *(
            (
                KeyWrap.objects.get(subject=one.pk, kind=k),
                KeyWrap.objects.get(subject=other.pk, kind=k),
            )
            for k in ("team",)
        ),
    ]
    for first, second in pairs:
        with undone():
            swap(first, second)
            with pytest.raises((SealBroken, WrapBroken)):
                open_everything(one, house)
            assert alerts.pending()
    with undone():
        swap(
            KeyWrap.objects.get(subject=one.pk, kind="code"),
            KeyWrap.objects.get(subject=other.pk, kind="code"),
        )
        with pytest.raises(WrapBroken):
            keyring.holder_by_code(subject=one.pk, code=one.code)
        assert alerts.pending()


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 9},
        {"role": "note"},
        {"client_msg_id": UUID(int=7)},
    ],
    ids=["wrong seq", "wrong role", "wrong message id"],
)
def test_a_message_that_is_moved_does_not_open(change: dict[str, object], house: House) -> None:
    asked = ask(house.nordhafen)
    reply(asked, house.katrin)
    Message.objects.filter(case=asked.pk, role="reply").update(**change)
    with pytest.raises(SealBroken):
        queries.thread(asked.now(), holder=holder_of(house.katrin))


def test_a_wrap_for_another_recipient_or_generation_does_not_open(house: House) -> None:
    asked = ask(house.nordhafen, topic="Gewalt")
    here, crisis = house.nordhafen.teams.get(name="Erziehung"), asked.case.team
    wraps = KeyWrap.objects.filter(subject=asked.pk, kind="team")
    with undone():  # wrong recipient: the bytes are for the team Krise
        wraps.update(recipient=here.pk)
        with pytest.raises(WrapBroken):
            queries.thread(asked.now(), holder=holder_of(house.katrin))
        assert alerts.pending()
    with undone():  # old generation, passed off as the current one
        team_keys.renew(team=crisis.pk, for_=team_keys.staff([house.lea.user_id]), at=NOW())
        assert queries.thread(asked.now(), holder=holder_of(house.lea))
        wraps.update(generation=2)
        with pytest.raises(WrapBroken):
            queries.thread(asked.now(), holder=holder_of(house.lea))
        assert alerts.pending()
    with undone():  # the code's wrap passed off as the team's
        code = KeyWrap.objects.get(subject=asked.pk, kind="code")
        wraps.update(sealed=code.sealed)
        with pytest.raises(WrapBroken):
            queries.thread(asked.now(), holder=holder_of(house.lea))


def test_a_seal_for_another_person_team_or_generation_does_not_open(house: House) -> None:
    erziehung = house.nordhafen.teams.get(name="Erziehung").pk
    krise = house.nordhafen.teams.get(name="Krise").pk
    katrin, lea = holder_of(house.katrin), holder_of(house.lea)
    key = team_keys.current(erziehung)
    own = TeamKeySeal.objects.get(team_key=key, recipient=katrin.unlocked.staff_key)
    leas = TeamKeySeal.objects.get(team_key__team=krise, recipient=lea.unlocked.staff_key)
    with undone():
        swap(own, leas)
        with pytest.raises(TeamSealBroken):
            katrin.team_secret(key)
        assert alerts.pending()
    with undone():  # Katrin's seal, said to be of the team Krise
        TeamKeySeal.objects.filter(pk=own.pk).update(team_key=team_keys.current(krise))
        with pytest.raises(TeamSealBroken):
            holder_of(house.katrin).team_secret(team_keys.current(krise))
    with undone():  # an old secret, said to be the current generation's
        old = bytes(own.sealed)
        team_keys.renew(team=erziehung, for_=team_keys.staff([house.katrin.user_id]), at=NOW())
        new = team_keys.current(erziehung)
        TeamKeySeal.objects.filter(team_key=new).update(sealed=old)
        with pytest.raises(TeamSealBroken):
            holder_of(house.katrin).team_secret(new)
    with undone():  # somebody puts a public half of their own there
        _mine, public = boxes.new_pair()
        TeamKey.objects.filter(pk=key.pk).update(public=public)
        with pytest.raises(TeamSealBroken):
            holder_of(house.katrin).team_secret(team_keys.current(erziehung))


def test_a_damaged_pair_does_not_unlock(house: House) -> None:
    row = StaffKeyWrap.objects.get(staff_key__user=house.katrin.user_id)
    sealed = bytes(row.sealed)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(damage(sealed))
    def damaged(changed: bytes) -> None:
        with undone():
            StaffKeyWrap.objects.filter(pk=row.pk).update(sealed=changed)
            with pytest.raises(staff_keys.DoesNotUnlock):
                staff_keys.unlock(user=house.katrin.user_id, password=PASSWORD)

    damaged()


def test_a_reviews_note_is_bound_to_its_review(house: House) -> None:
    asked = ask(house.nordhafen)
    first = review(asked, house.katrin, Urgency.DRINGEND, note="Eins")
    second = review(asked, house.aylin, Urgency.DRINGEND, note="Zwei")
    key = CaseKey(keyring.open_case_key(subject=asked.pk, holder=asked.holder))
    rows = {row.pk: bytes(row.note or b"") for row in Review.objects.all()}
    assert open_sealed(rows[first.pk], key=key, place=places.review(asked.pk, first.pk)) == "Eins"
    with pytest.raises(SealBroken):
        open_sealed(rows[second.pk], key=key, place=places.review(asked.pk, first.pk))


# --- What people see, and what the trail keeps ------------------------------------------------
def test_katrin_reads_a_plain_sentence_and_the_trail_has_an_alert_without_a_word(
    house: House,
) -> None:
    asked = ask(house.nordhafen, "Der Kanarienvogel singt.")
    message = Message.objects.get(case=asked.pk)
    Message.objects.filter(pk=message.pk).update(sealed=bytes(message.sealed)[:-1])
    page = signed_in(house.katrin).get(reverse("case", args=[asked.pk]))
    assert page.status_code == 200
    assert "lassen sich gerade nicht öffnen" in page.content.decode()
    entry = TrailEntry.objects.get(action="vault.seal_broken")
    assert (entry.organisation, entry.case) == (house.nordhafen.pk, asked.pk)
    assert entry.detail == {"what": "client", "seq": 1}


def test_a_member_may_still_work_when_one_wrap_is_broken_and_another_opens(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    cases.hand_to_colleague(
        case=asked.pk, to=house.lea, by=house.katrin, holder=holder_of(house.katrin), at=NOW()
    )
    KeyWrap.objects.filter(subject=asked.pk, kind="team").update(sealed=b"\x01kaputt")
    assert queries.thread(asked.now(), holder=holder_of(house.lea))
    with pytest.raises(WrapBroken):
        queries.thread(asked.now(), holder=holder_of(house.katrin))


def test_an_alert_outlives_the_transaction_that_it_breaks(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    KeyWrap.objects.filter(subject=asked.pk, kind="team").update(sealed=b"\x01kaputt")
    answer = signed_in(house.katrin).post(
        reverse("case-reply", args=[asked.pk]),
        {"text": "Antwort", "client_msg_id": str(uuid4()), "seen": 9},
    )
    assert answer.status_code == 409
    assert TrailEntry.objects.filter(action="vault.seal_broken", case=asked.pk).exists()
    assert not Message.objects.filter(case=asked.pk, role="reply").exists()


def test_a_broken_code_wrap_tells_the_client_that_it_is_our_fault(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    KeyWrap.objects.filter(subject=asked.pk, kind="code").update(sealed=b"\x01kaputt")
    page = come_back(client, asked.code.display())
    assert "Der Fehler liegt bei uns" in " ".join(page.content.decode().split())
    assert TrailEntry.objects.get(action="vault.seal_broken").detail["what"] == "case-code"


def test_a_client_whose_text_was_altered_reads_that_the_code_is_right_and_what_to_do(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen, "Der Kanarienvogel singt.")
    message = Message.objects.get(case=asked.pk)
    come_back(client, asked.code.display())
    Message.objects.filter(pk=message.pk).update(sealed=bytes(message.sealed)[:-1])
    page = client.get(reverse("thread", args=["nordhafen"]))
    assert page.status_code == 500
    assert "Ihr Gespräch lässt sich gerade nicht öffnen" in page.content.decode()
    assert "Ihr Code stimmt" in page.content.decode()
    assert reverse("ask", args=["nordhafen"]) in page.content.decode()
    assert "Kanarienvogel" not in page.content.decode()
    assert TrailEntry.objects.get(action="vault.seal_broken").detail == {"what": "client", "seq": 1}
