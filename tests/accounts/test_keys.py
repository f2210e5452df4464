"""Who has which team's key: from joining to leaving, and when nobody is left."""

import io
import re
import sys
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import duties, queries
from accounts.holders import STAFF_KEY
from accounts.models import Membership, Role, Team
from accounts.operations import staff
from accounts.signals import duty_done
from audit.models import TrailEntry
from tests.accounts.authenticator import sign_in
from tests.accounts.test_invitations import fill_in
from tests.counselling.house import House
from tests.factories import PASSWORD, TOTP_KEY, ask, enrol, holder_of, organisation
from tests.factories.sessions import signed_in
from vault import staff_keys, team_keys
from vault.models import KeyWrap, StaffKey, StaffKeyWrap, TeamKey, TeamKeySeal

pytestmark = pytest.mark.django_db


def team(house: House, name: str = "Erziehung") -> Team:
    return house.nordhafen.teams.get(name=name)


def has_key(member: Membership, of: Team) -> bool:
    """Say whether a member really opens the team's current key, with nothing but their password."""
    try:
        secret = holder_of(member).team_secret(team_keys.current(of.pk))
    except (team_keys.NotSealedForYou, team_keys.NoTeamKey):
        return False
    return len(secret) == 32


def newcomer(house: House, name: str = "Mia Köhler", role: Role = Role.COUNSELLOR) -> Membership:
    """Enrol somebody in Erziehung whom nobody has handed a key yet."""
    return staff.enrol(
        organisation=house.nordhafen,
        name=name,
        email=f"{name.split()[0].lower()}@example.org",
        password=PASSWORD,
        role=role,
        teams=[team(house)],
        totp_key=TOTP_KEY,
        at=timezone.now(),
    )


# --- Having a key -----------------------------------------------------------------------------
def test_members_who_read_have_their_teams_key_and_nobody_else(house: House) -> None:
    assert has_key(house.katrin, team(house))
    assert has_key(house.jonas, team(house))
    assert has_key(house.lea, team(house, "Krise"))
    assert not has_key(house.katrin, team(house, "Krise"))
    assert not has_key(house.lea, team(house))
    assert not has_key(house.ada, team(house))  # administration: in the team, but reads no case
    assert not has_key(house.boris, team(house))


def test_a_team_without_anybody_who_reads_has_no_key() -> None:
    where = organisation("leer")
    enrol(where, "Ada", role=Role.ADMIN)
    assert not TeamKey.objects.exists()
    enrol(where, "Rosa", teams=["Krise"])
    assert [key.team for key in TeamKey.objects.all()] == [where.teams.get(name="Krise").pk]


def test_mia_waits_until_katrin_is_there_and_the_list_says_so(house: House) -> None:
    mia = newcomer(house)
    assert not has_key(mia, team(house))
    page = signed_in(house.ada).get(reverse("staff-list")).content.decode()
    assert page.count("wartet auf Schlüssel") == 1
    assert "sobald jemand aus dem Team angemeldet ist" in page

    # Ada has no key to give, nor has Lea of the other team.
    for colleague in (house.ada, house.lea, house.boris):
        duties.do(member=colleague, holder=holder_of(colleague))
        assert not has_key(mia, team(house))
    duties.do(member=house.katrin, holder=holder_of(house.katrin))

    assert has_key(mia, team(house))
    entry = TrailEntry.objects.filter(action="keys.handed_on").latest("pk")
    assert entry.actor == house.katrin.pk
    assert entry.detail["count"] == 1
    page = signed_in(house.ada).get(reverse("staff-list")).content.decode()
    assert "wartet auf Schlüssel" not in page


@pytest.mark.django_db(transaction=True)
def test_katrins_next_request_hands_the_key_on(house: House, settings: Settings) -> None:
    settings.KEY_DUTIES = True
    mia = newcomer(house)
    signed_in(house.katrin).get(reverse("queue"))
    for _ in range(200):
        if not queries.waiting_for_key(house.nordhafen):
            break
        time.sleep(0.05)
    assert has_key(mia, team(house))


@pytest.mark.django_db(transaction=True)
def test_a_page_that_asks_by_itself_seldom_lets_somebody_look(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEY_DUTIES = True
    monkeypatch.setattr(duties, "EVERY", 0.0)
    mia, browser, looks = newcomer(house), signed_in(house.katrin), 0

    def count(**_said: object) -> None:
        nonlocal looks
        looks += 1

    duty_done.connect(count)
    try:
        for _ in range(200):
            browser.get(reverse("alarm-board"), headers={"HX-Request": "true"})
        for _ in range(200):
            if has_key(mia, team(house)):
                break
            time.sleep(0.05)
    finally:
        duty_done.disconnect(count)
    assert has_key(mia, team(house)), "but in the end it does"
    assert looks < 100


def test_the_staff_list_costs_the_same_for_few_and_many(house: House) -> None:
    browser = signed_in(house.ada)
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse("staff-list"))
    for number in range(12):
        newcomer(house, f"Nummer{number} Neu")
    with CaptureQueriesContext(connection) as many:
        browser.get(reverse("staff-list"))
    assert len(many) == len(few)


# --- Invitations ------------------------------------------------------------------------------
def invite(house: House, by: Membership, where: str) -> str:
    _row, token = staff.invite(
        organisation=house.nordhafen,
        name="Mia Köhler",
        role=Role.COUNSELLOR,
        teams=[team(house, where)],
        by=by,
        holder=holder_of(by),
        at=timezone.now(),
    )
    return token


def test_leas_invitation_brings_the_key_with_it(client: Client, house: House) -> None:
    token = invite(house, house.lea, "Krise")
    assert TeamKeySeal.objects.filter(kind="invitation").count() == 1
    link = reverse("invitation", args=[token])
    form = fill_in(client.get(link).content.decode())
    client.post(link, form)

    mia = Membership.objects.get(name="Mia Köhler")
    unlocked = staff_keys.unlock(user=mia.user_id, password=form["password"])
    key = team_keys.current(team(house, "Krise").pk)
    assert len(team_keys.secret_of(key, holder=unlocked)) == 32
    assert not TeamKeySeal.objects.filter(kind="invitation").exists()
    assert TrailEntry.objects.filter(action="keys.taken_from_invitation").exists()
    # And she reads at once: the session that began with the account has her key.
    asked = ask(house.nordhafen, topic="Gewalt")
    assert asked.case.team == team(house, "Krise")
    page = client.get(reverse("case", args=[asked.pk])).content.decode()
    assert "Mein Sohn schläft nicht." in page


def test_an_invitation_by_who_holds_no_key_brings_none(house: House) -> None:
    invite(house, house.ada, "Krise")
    assert not TeamKeySeal.objects.filter(kind="invitation").exists()


def test_a_revoked_invitation_encloses_nothing(house: House) -> None:
    token = invite(house, house.lea, "Krise")
    row = queries.invitation_by_hash(staff.hash_token(token))
    assert row is not None
    staff.revoke_invitation(invitation=row, by=house.ada, at=timezone.now())
    assert not TeamKeySeal.objects.filter(kind="invitation").exists()


def test_the_database_does_not_open_what_an_invitation_encloses(house: House) -> None:
    token = invite(house, house.lea, "Krise")
    row = queries.invitation_by_hash(staff.hash_token(token))
    assert row is not None
    lea = team_keys.staff([house.lea.user_id])[0]
    for guess in (row.pk.hex, bytes(row.token_hash).hex(), token[:-1], ""):
        assert team_keys.take_out(invitation=row.pk, token=guess, to=lea, at=timezone.now()) == []


# --- Signing in -------------------------------------------------------------------------------
def test_signing_in_unlocks_the_key_into_the_session(client: Client, house: House) -> None:
    asked = ask(house.nordhafen)
    sign_in(client, house.katrin)
    assert client.session[STAFF_KEY]["id"] == str(
        StaffKey.objects.get(user=house.katrin.user_id).pk
    )
    assert (
        "Mein Sohn schläft nicht." in client.get(reverse("case", args=[asked.pk])).content.decode()
    )
    client.post(reverse("logout"))
    assert STAFF_KEY not in client.session


def test_who_has_no_pair_yet_gets_one_at_signing_in(client: Client, house: House) -> None:
    StaffKey.objects.filter(user=house.katrin.user_id).delete()
    asked = ask(house.nordhafen)
    sign_in(client, house.katrin)
    page = client.get(reverse("case", args=[asked.pk]))
    assert page.status_code == 200
    assert "Sie haben für diesen Fall noch keinen Schlüssel" in page.content.decode()
    duties.do(member=house.aylin, holder=holder_of(house.aylin))
    assert (
        "Mein Sohn schläft nicht." in client.get(reverse("case", args=[asked.pk])).content.decode()
    )


def test_a_pair_that_does_not_unlock_lets_her_in_and_leaves_an_alert(
    client: Client, house: House
) -> None:
    row = StaffKeyWrap.objects.get(staff_key__user=house.katrin.user_id)
    row.sealed = bytes(row.sealed)[:-1] + bytes([bytes(row.sealed)[-1] ^ 1])
    row.save()
    asked = ask(house.nordhafen)
    sign_in(client, house.katrin)
    page = client.get(reverse("case", args=[asked.pk]))
    assert "noch keinen Schlüssel" in page.content.decode()
    assert TrailEntry.objects.get(action="vault.seal_broken").detail["what"] == "staff-password"


# --- Leaving ----------------------------------------------------------------------------------
def test_who_leaves_loses_every_seal_and_the_team_gets_a_new_generation(house: House) -> None:
    before = holder_of(house.aylin)
    old = team_keys.current(team(house).pk)
    asked = ask(house.nordhafen)
    staff.end_membership(member=house.aylin, by=house.ada, at=timezone.now())

    new = team_keys.current(team(house).pk)
    assert new.generation == old.generation + 1
    assert team_keys.held_by(before.unlocked.staff_key, [team(house).pk]) == []
    with pytest.raises(team_keys.NotSealedForYou):
        before.team_secret(new)
    assert has_key(house.katrin, team(house))
    assert has_key(house.jonas, team(house))
    assert team_keys.current(team(house, "Krise").pk).generation == 1
    assert KeyWrap.objects.get(subject=asked.pk, kind="team").generation == old.generation


def test_when_the_last_one_leaves_nobody_can_be_asked(house: House) -> None:
    page = signed_in(house.ada).get(reverse("staff-end", args=[house.lea.pk])).content.decode()
    assert "Nur Lea Sommer hat den Schlüssel von: Krise" in page
    staff.end_membership(member=house.lea, by=house.ada, at=timezone.now())
    with pytest.raises(team_keys.NoTeamKey):
        team_keys.current(team(house, "Krise").pk)
    assert TrailEntry.objects.filter(action="keys.team_without").count() == 1
    form = Client().get(reverse("ask", args=["nordhafen"])).content.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', form)
    assert ticket is not None
    topic = house.nordhafen.topics.get(name="Gewalt").pk
    answer = Client().post(
        reverse("ask", args=["nordhafen"]),
        {"ticket": ticket.group(1), "text": "Hilfe", "topic": str(topic)},
    )
    assert "Im Moment kann hier niemand antworten." in answer.content.decode()


# --- Escrow -----------------------------------------------------------------------------------
def typed(*lines: str) -> io.StringIO:
    return io.StringIO("".join(f"{line}\n" for line in lines))


def run(monkeypatch: pytest.MonkeyPatch, *command: str, lines: tuple[str, ...] = ()) -> str:
    printed = io.StringIO()
    monkeypatch.setattr(sys, "stdin", typed(*lines))
    call_command(*command, stdout=printed)
    return printed.getvalue()


def shares_on(paper: str) -> tuple[str, str]:
    found = re.findall(r"((?:[0-9A-Z]{5} ){6}[0-9A-Z]{5})\n +((?:[0-9A-Z]{5} ?){7})\n", paper)
    assert len(found) == 2
    return f"{found[0][0]} {found[0][1]}", f"{found[1][0]} {found[1][1]}"


def test_everybody_of_a_team_is_gone_and_the_two_shares_bring_its_cases_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = shares_on(run(monkeypatch, "escrow_setup"))
    with pytest.raises(CommandError, match="drill has failed"):
        run(monkeypatch, "escrow_drill", lines=(first, second))
    for member in (house.katrin, house.lea, house.boris):
        duties.do(member=member, holder=holder_of(member))
    before = {row.pk: bytes(row.sealed) for row in TeamKeySeal.objects.all()}
    said = run(monkeypatch, "escrow_drill", lines=(first, second))
    assert "4 of 4 generations open." in said
    assert "Elternlotse Nordhafen: Erziehung, generation 1 (current): opens" in said
    assert {row.pk: bytes(row.sealed) for row in TeamKeySeal.objects.all()} == before

    asked = ask(house.nordhafen, "Der Kanarienvogel singt.", topic="Gewalt")
    staff.end_membership(member=house.lea, by=house.ada, at=timezone.now())
    nele = staff.enrol(
        organisation=house.nordhafen,
        name="Nele Neu",
        email="nele@example.org",
        password=PASSWORD,
        role=Role.SUPERVISOR,
        teams=[team(house, "Krise")],
        totp_key=TOTP_KEY,
        at=timezone.now(),
    )
    address = reverse("case", args=[asked.pk])
    assert "noch keinen Schlüssel" in signed_in(nele).get(address).content.decode()

    run(monkeypatch, "escrow_restore", "nele@example.org", lines=(first, second))

    assert "Der Kanarienvogel singt." in signed_in(nele).get(address).content.decode()
    entry = TrailEntry.objects.get(action="escrow.restored")
    assert entry.detail["member"] == str(nele.pk)
    duties.do(member=nele, holder=holder_of(nele))
    assert KeyWrap.objects.get(subject=asked.pk, kind="team").generation == 2


def test_the_shares_are_stored_nowhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = shares_on(run(monkeypatch, "escrow_setup"))
    kept = repr(list(TrailEntry.objects.values())) + repr(list(StaffKey.objects.values()))
    for share in (first, second):
        assert share not in kept
        assert share.replace(" ", "") not in kept


def test_slips_are_said_and_a_wrong_share_ends_it(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = shares_on(run(monkeypatch, "escrow_setup"))
    slip = ("0" if first[0] != "0" else "7") + first[1:]
    with pytest.raises(CommandError, match="do not belong together"):
        run(monkeypatch, "escrow_drill", lines=(slip, first, first))
    assert "Group 1 is not right." in capsys.readouterr().err
    with pytest.raises(CommandError, match="could not be read"):
        run(monkeypatch, "escrow_drill", lines=("", "x", "y"))
    with pytest.raises(CommandError, match="Nobody with this e-mail"):
        run(monkeypatch, "escrow_restore", "nobody@example.org", lines=(first, second))
    with pytest.raises(CommandError, match="--replace"):
        run(monkeypatch, "escrow_setup")


def test_a_replaced_escrow_key_is_given_up_once_the_new_one_has_everything(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shares_on(run(monkeypatch, "escrow_setup"))
    everybody = (house.katrin, house.lea, house.boris)
    for _round in range(2):
        for member in everybody:
            duties.do(member=member, holder=holder_of(member))
    new = shares_on(run(monkeypatch, "escrow_setup", "--replace"))
    run(monkeypatch, "escrow_drill", lines=old)  # until then the old one still opens everything
    for _round in range(2):
        for member in everybody:
            duties.do(member=member, holder=holder_of(member))
    run(monkeypatch, "escrow_drill", lines=new)
    with pytest.raises(CommandError):
        run(monkeypatch, "escrow_drill", lines=old)


def test_a_pair_of_nobody_in_particular_is_refused_by_restore(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = shares_on(run(monkeypatch, "escrow_setup"))
    StaffKey.objects.filter(user=house.lea.user_id).delete()
    with pytest.raises(CommandError, match="no key pair yet"):
        run(monkeypatch, "escrow_restore", house.lea.user.email, lines=(first, second))
    with pytest.raises(CommandError, match="opens nothing"):
        run(monkeypatch, "escrow_restore", house.ada.user.email, lines=(first, second))
