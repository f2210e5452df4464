"""A case's key goes where the case goes: to teams, to colleagues, to new generations, and back."""

import json
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import duties
from accounts.models import Membership, Role, Team
from accounts.operations import keys, staff
from audit.models import TrailEntry
from counselling import queries
from counselling.models import Message
from counselling.operations import cases, drafts, messages, ratings
from counselling.sla import Urgency
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back
from tests.factories import (
    PASSWORD,
    TOTP_KEY,
    Asked,
    ask,
    claim,
    close,
    enrol,
    holder_of,
    note,
    reply,
    review,
)
from tests.factories.sessions import signed_in
from vault import keyring, staff_keys, team_keys
from vault.keyring import ClientHolder, KeyUnavailable, NoKeyYet, StaffHolder
from vault.models import KeyWrap, StaffKey, TeamKey, TeamKeySeal

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def house(db: None) -> House:
    return open_house()


def team(house: House, name: str = "Erziehung") -> Team:
    return house.nordhafen.teams.get(name=name)


def reads(member: Membership, asked: Asked) -> bool:
    """Say whether a member opens a case with nothing but what their password unlocks."""
    try:
        return bool(queries.thread(asked.now(), holder=holder_of(member)))
    except KeyUnavailable:
        return False


def readers(house: House, asked: Asked) -> set[str]:
    everybody = (house.katrin, house.aylin, house.jonas, house.lea, house.ada, house.boris)
    return {member.name.split()[0] for member in everybody if reads(member, asked)}


def wraps(asked: Asked) -> list[tuple[str, int]]:
    return sorted(KeyWrap.objects.filter(subject=asked.pk).values_list("kind", "generation"))


def hand(asked: Asked, by: Membership, to: Membership | Team) -> None:
    """Let a member hand a case over."""
    common = {"case": asked.pk, "by": by, "holder": holder_of(by), "at": NOW()}
    if isinstance(to, Team):
        cases.hand_to_team(**common, to=to)  # type: ignore[arg-type]
    else:
        cases.hand_to_colleague(**common, to=to)  # type: ignore[arg-type]


# --- The client -------------------------------------------------------------------------------
def test_a_question_is_wrapped_for_the_code_and_for_its_team_and_for_nobody_else(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    assert wraps(asked) == [("code", 0), ("team", 1)]
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}
    assert queries.thread(asked.case, holder=asked.holder)[0].role == Message.Role.CLIENT


def test_the_key_of_one_case_opens_no_other(house: House) -> None:
    one, other = ask(house.nordhafen), ask(house.nordhafen)
    with pytest.raises(NoKeyYet):
        queries.thread(other.case, holder=one.holder)
    with pytest.raises(KeyUnavailable):
        keyring.holder_by_code(subject=other.pk, code=one.code)


def test_a_deleted_case_does_not_open_for_who_still_has_its_key_in_a_session(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    holder = asked.holder
    keyring.drop_case_key(subject=asked.pk)
    with pytest.raises(KeyUnavailable):
        queries.thread(asked.case, holder=holder)


def test_coming_back_makes_a_new_session_and_the_old_cookie_is_worth_nothing(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    come_back(client, asked.code.display())
    first = client.cookies["lotse"].value
    come_back(client, asked.code.display())
    assert client.cookies["lotse"].value != first
    thief = Client()
    thief.cookies["lotse"] = first
    assert thief.get("/nordhafen/gespraech/").status_code == 302
    assert client.get("/nordhafen/gespraech/").status_code == 200


def test_the_session_row_holds_the_key_only_sealed(client: Client, house: House) -> None:
    asked = ask(house.nordhafen)
    come_back(client, asked.code.display())
    for row in Session.objects.all():
        assert "case" not in row.session_data
        assert bytes(asked.holder.key) not in row.session_data.encode()
        with pytest.raises(ValueError, match=r".*"):
            json.loads(row.session_data)


def test_a_session_from_before_keys_were_in_sessions_asks_for_the_code(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    session = client.session
    session["case"] = str(asked.pk)
    session.save()
    client.cookies["lotse"] = session.session_key or ""
    assert "/zurueck/" in client.get("/nordhafen/gespraech/").headers["Location"]


def test_a_case_whose_code_wrap_is_gone_says_so_and_is_no_error(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen)
    KeyWrap.objects.filter(subject=asked.pk, kind="code").delete()
    page = come_back(client, asked.code.display())
    assert page.status_code == 200
    assert "lässt sich gerade nicht öffnen" in page.content.decode()


# --- Everything that a member writes or reads -------------------------------------------------
def test_everything_in_a_case_opens_for_the_team_and_for_nobody_else(house: House) -> None:
    asked = ask(house.nordhafen, postcode="24103")
    claim(asked, house.katrin)
    katrin = holder_of(house.katrin)
    drafts.save(case=asked.pk, text="Entwurf", by=house.katrin, holder=katrin, at=NOW())
    note(asked, house.jonas, "Notiz")
    review(asked, house.katrin, Urgency.DRINGEND, note="Bitte bald")
    assert queries.facts(asked.now(), holder=katrin) == {"postcode": "24103"}
    opened = queries.draft(asked.now(), holder=holder_of(house.aylin))
    assert opened is not None
    assert opened[1] == "Entwurf"
    reply(asked, house.katrin)
    ratings.rate(case=asked.pk, stars=4, text="Danke", holder=asked.holder, at=NOW())
    assert queries.rating(asked.now(), holder=katrin) == (4, "Danke")
    for stranger in (house.lea, house.ada, house.boris):
        holder = holder_of(stranger)
        for read in (queries.facts, queries.rating, queries.thread):
            with pytest.raises(NoKeyYet):
                read(asked.now(), holder=holder)


def test_who_has_no_key_reads_a_clear_sentence_on_every_page_and_never_an_error(
    house: House,
) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    browser = signed_in(house.katrin)
    session = browser.session
    session.pop("staff-key")
    session.save()
    page = browser.get(reverse("case", args=[asked.pk]))
    assert page.status_code == 200
    assert "Sie haben für diesen Fall noch keinen Schlüssel" in page.content.decode()
    typed = {"text": "Mein Text", "client_msg_id": str(uuid4()), "seen": 99}
    for name in ("case-reply", "case-note", "case-draft"):
        answer = browser.post(reverse(name, args=[asked.pk]), typed)
        assert answer.status_code == 409, name
        assert "noch keinen Schlüssel" in answer.content.decode(), name
    crisis = f"team:{team(house, 'Krise').pk}"
    for name, fields in (
        ("case-close", {}),
        ("case-hand-over", {"to": crisis}),
        ("case-urgency", {"urgency": "1", "note": "x", "seen": "9"}),
    ):
        answer = browser.post(reverse(name, args=[asked.pk]), fields, follow=True)
        assert answer.status_code in {200, 409}, name
    for name in ("queue", "my-cases", "team-cases", "reviews"):
        assert browser.get(reverse(name)).status_code == 200
    news = browser.get(
        reverse("case", args=[asked.pk]), {"seen": "0.2.x"}, headers={"HX-Request": "true"}
    )
    assert news.headers["HX-Refresh"] == "true"


# --- Handing over -----------------------------------------------------------------------------
def test_a_case_that_goes_to_another_team_is_read_there_and_no_longer_here(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, team(house, "Krise"))
    assert readers(house, asked) == {"Lea"}
    assert wraps(asked) == [("code", 0), ("team", 1)]
    assert queries.thread(asked.now(), holder=asked.holder)


def test_a_team_in_which_nobody_has_a_key_gets_no_case(house: House) -> None:
    staff.end_membership(member=house.lea, by=house.ada, at=NOW())
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    with pytest.raises(cases.NobodyReads):
        hand(asked, house.katrin, team(house, "Krise"))
    browser = signed_in(house.katrin)
    page = browser.post(
        reverse("case-hand-over", args=[asked.pk]),
        {"to": f"team:{team(house, 'Krise').pk}"},
        follow=True,
    )
    assert "Nicht übergeben: Dort hat noch niemand einen Schlüssel" in page.content.decode()
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}
    assert asked.now().team == team(house)


def test_a_colleague_of_another_team_reads_as_long_as_they_hold_it(house: House) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, house.lea)
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas", "Lea"}
    assert wraps(asked) == [("code", 0), ("staff", 0), ("team", 1)]
    cases.release(case=asked.pk, by=house.lea, at=NOW())
    assert readers(house, asked) == {"Katrin", "Aylin", "Jonas"}


@pytest.mark.parametrize("how", ["closes", "hands it on", "leaves", "hands it to a team"])
def test_what_was_lent_goes_back_however_the_holding_ends(house: House, how: str) -> None:
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    hand(asked, house.katrin, house.lea)
    if how == "closes":
        close(asked, house.lea)
    elif how == "hands it on":
        hand(asked, house.lea, house.aylin)
    elif how == "leaves":
        lea = holder_of(house.lea)
        staff.end_membership(member=house.lea, by=house.ada, at=NOW())
        with pytest.raises(KeyUnavailable):
            queries.thread(asked.now(), holder=lea)
    else:
        rosa = enrol(house.nordhafen, "Rosa Reserve", teams=["Krise"])
        hand(asked, house.lea, team(house, "Krise"))
        assert reads(rosa, asked)
    assert not KeyWrap.objects.filter(subject=asked.pk, kind="staff").exists()


# --- Generations ------------------------------------------------------------------------------
def leave(house: House, member: Membership) -> StaffHolder:
    """End a membership; return what the person still has in their hands."""
    kept = holder_of(member)
    staff.end_membership(member=member, by=house.ada, at=NOW())
    return kept


def test_after_a_removal_old_cases_stay_readable_and_are_wrapped_anew(house: House) -> None:
    old = [ask(house.nordhafen) for _number in range(3)]
    claim(old[0], house.katrin)
    close(old[0], house.katrin)
    gone = leave(house, house.aylin)
    new = ask(house.nordhafen)

    assert all(reads(house.katrin, asked) for asked in (*old, new))
    assert all(reads(house.jonas, asked) for asked in (*old, new))
    for asked in (*old, new):
        with pytest.raises(KeyUnavailable):
            queries.thread(asked.now(), holder=gone)
    assert {wraps(asked)[1] for asked in old} == {("team", 1)}

    assert keys.wrap_anew(member=house.jonas, holder=holder_of(house.jonas), at=NOW()) == 3

    assert {wraps(asked)[1] for asked in (*old, new)} == {("team", 2)}
    assert all(reads(house.katrin, asked) for asked in (*old, new))
    entry = TrailEntry.objects.get(action="keys.wrapped_anew")
    assert entry.detail["count"] == 3
    assert keys.wrap_anew(member=house.jonas, holder=holder_of(house.jonas), at=NOW()) == 0


def test_even_with_the_old_secret_in_hand_who_left_opens_nothing_new(house: House) -> None:
    before = ask(house.nordhafen)
    old = team_keys.current(team(house).pk)
    secret = holder_of(house.aylin).team_secret(old)
    leave(house, house.aylin)
    new = ask(house.nordhafen)
    stolen = {row.subject: row for row in KeyWrap.objects.filter(kind="team")}
    # What was readable then is readable with what was copied then: that is why it is wrapped anew.
    assert keyring.open_wrap(stolen[before.pk], secret)
    with pytest.raises(keyring.WrapBroken):
        keyring.open_wrap(stolen[new.pk], secret)
    duties.do(member=house.katrin, holder=holder_of(house.katrin))
    again = KeyWrap.objects.get(subject=before.pk, kind="team")
    with pytest.raises(keyring.WrapBroken):
        keyring.open_wrap(again, secret)


def test_wrapping_anew_goes_on_where_a_kill_stopped_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    asked = [ask(house.nordhafen) for _number in range(7)]
    leave(house, house.aylin)
    real, batches = keyring.rewrap, 0

    def killed_in_the_third(**arguments: object) -> object:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise KeyboardInterrupt
        return real(**arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(keys, "rewrap", killed_in_the_third)
        with pytest.raises(KeyboardInterrupt):
            keys.wrap_anew(member=house.katrin, holder=holder_of(house.katrin), at=NOW())
    assert KeyWrap.objects.filter(kind="team", generation=2).count() == 4
    assert all(reads(house.jonas, one) for one in asked)
    # Somebody else goes on.
    assert keys.wrap_anew(member=house.jonas, holder=holder_of(house.jonas), at=NOW()) == 3
    assert not KeyWrap.objects.filter(kind="team", generation=1).exists()


def test_one_broken_row_does_not_stop_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    asked = [ask(house.nordhafen) for _number in range(6)]
    KeyWrap.objects.filter(subject=asked[5].pk, kind="team").update(sealed=b"\x01kaputt")
    KeyWrap.objects.filter(subject=asked[4].pk, kind="team").update(sealed=b"\x01kaputt")
    leave(house, house.aylin)
    assert keys.wrap_anew(member=house.katrin, holder=holder_of(house.katrin), at=NOW()) == 4


def test_an_ended_generation_goes_when_nothing_is_wrapped_for_it(house: House) -> None:
    ask(house.nordhafen)
    leave(house, house.aylin)
    later = NOW() + keys.KEPT * 2
    keys.clear_away(at=later)
    assert TeamKey.objects.filter(team=team(house).pk).count() == 2  # one case still needs it
    duties.do(member=house.katrin, holder=holder_of(house.katrin))
    assert TeamKey.objects.filter(team=team(house).pk).count() == 2  # too early
    keys.clear_away(at=later)
    assert TeamKey.objects.get(team=team(house).pk).generation == 2


def test_a_newcomer_reads_what_is_wrapped_anew(house: House) -> None:
    asked = ask(house.nordhafen)
    leave(house, house.aylin)
    mia = enrol(house.nordhafen, "Mia Köhler", teams=["Erziehung"])
    duties.do(member=house.katrin, holder=holder_of(house.katrin))
    assert reads(mia, asked)


def test_a_client_who_comes_back_gives_a_team_that_lost_its_keys_the_case_again(
    client: Client, house: House
) -> None:
    asked = ask(house.nordhafen, topic="Gewalt")
    leave(house, house.lea)
    nele = enrol(house.nordhafen, "Nele Neu", role=Role.SUPERVISOR, teams=["Krise"])
    assert not reads(nele, asked)
    come_back(client, asked.code.display())
    assert reads(nele, asked)


def test_a_member_of_two_organisations_who_leaves_one_keeps_the_other(house: House) -> None:
    row, token = staff.invite(
        organisation=house.nordhafen,
        name="Boris Lang",
        role=Role.COUNSELLOR,
        teams=[team(house, "Krise")],
        by=house.lea,
        holder=holder_of(house.lea),
        at=NOW(),
    )
    there = staff.accept_as(invitation=row, token=token, user=house.boris.user, at=NOW())
    here, away = ask(house.suedstadt), ask(house.nordhafen, topic="Gewalt")
    assert reads(there, away)
    staff.end_membership(member=there, by=house.ada, at=NOW())
    assert not reads(house.boris, away)
    assert reads(house.boris, here)


def test_who_ends_a_membership_need_not_be_able_to_read(house: House) -> None:
    asked = ask(house.nordhafen)
    leave(house, house.aylin)
    assert not reads(house.ada, asked)
    assert not TeamKeySeal.objects.filter(
        recipient=StaffKey.objects.get(user=house.ada.user_id).pk
    ).exists()


def test_a_forgotten_password_means_a_fresh_pair_and_keys_from_a_colleague(house: House) -> None:
    asked = ask(house.nordhafen)
    old = holder_of(house.aylin)
    keys.create(user=house.aylin.user, password=staff_keys.stretched("neues zugangswort"), at=NOW())
    with pytest.raises(KeyUnavailable):
        queries.thread(asked.now(), holder=old)
    duties.do(member=house.katrin, holder=holder_of(house.katrin))
    fresh = StaffHolder(staff_keys.unlock(user=house.aylin.user_id, password="neues zugangswort"))
    assert queries.thread(asked.now(), holder=fresh)


def test_two_people_joining_an_empty_team_end_with_one_key(house: House) -> None:
    where = house.nordhafen
    new = Team.objects.create(organisation=where, name="Neu", position=9)
    people = [
        staff.enrol(
            organisation=where,
            name=f"Person {number}",
            email=f"person{number}@example.org",
            password=PASSWORD,
            role=Role.COUNSELLOR,
            teams=[new],
            totp_key=TOTP_KEY,
            at=NOW(),
        )
        for number in range(2)
    ]
    assert TeamKey.objects.filter(team=new.pk).count() == 1
    duties.do(member=people[0], holder=holder_of(people[0]))
    assert len({holder_of(p).team_secret(team_keys.current(new.pk)) for p in people}) == 1


def test_writing_with_the_code_needs_no_member_signed_in(house: House) -> None:
    asked = ask(house.nordhafen)
    holder = asked.holder
    assert isinstance(holder, ClientHolder)
    messages.write(
        case=asked.pk,
        text="Noch etwas",
        client_msg_id=uuid4(),
        in_danger=False,
        holder=holder,
        at=NOW(),
    )
    assert [e.text for e in queries.thread(asked.now(), holder=holder_of(house.katrin))][
        -1
    ] == "Noch etwas"
