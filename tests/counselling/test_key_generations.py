"""Generations of teams' keys: who leaves opens nothing new, who stays or comes opens all, and nothing is lost."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts import duties
from accounts.models import Membership, Role, Team
from accounts.operations import keys, staff
from audit.models import TrailEntry
from counselling import queries
from tests.counselling.house import House, open_house
from tests.counselling.pages import come_back
from tests.counselling.readers import reads, team, wraps
from tests.factories import PASSWORD, TOTP_KEY, ask, claim, close, enrol, holder_of
from vault import keyring, staff_keys, team_keys
from vault.keyring import KeyUnavailable, StaffHolder
from vault.models import KeyWrap, StaffKey, TeamKey, TeamKeySeal

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def house(db: None) -> House:
    return open_house()


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
