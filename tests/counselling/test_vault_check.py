"""vault_check: silent when all is well, and a finding with a remedy for each thing that can go wrong."""

import io
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, Role, Team
from accounts.operations import staff
from counselling import checks
from counselling.models import Case, Consultation
from counselling.operations import cases, consultations
from tests.counselling.house import House, open_house
from tests.factories import PASSWORD, TOTP_KEY, Asked, ask, claim, holder_of
from vault import team_keys
from vault.escrow import set_up
from vault.keyring import StaffHolder
from vault.models import EscrowKey, KeyWrap, StaffKey, StaffKeyWrap, TeamKey, TeamKeySeal

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def house(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> House:
    house = open_house()
    # As in production, where a pair costs what it should; these were made cheaply.
    settings.ARGON2_MEMORY_KIB, settings.ARGON2_PASSES = 64 * 1024, 3
    StaffKeyWrap.objects.update(memory_kib=64 * 1024, passes=3)
    set_up(at=NOW())
    for key in TeamKey.objects.all():
        recipient = team_keys.escrow()[0]
        TeamKeySeal.objects.create(
            team_key=key, kind="escrow", recipient=recipient.id, sealed=b"x", created_at=NOW()
        )
    return house


def run() -> tuple[str, bool]:
    """Return what the command prints, and whether it succeeds."""
    printed = io.StringIO()
    try:
        call_command("vault_check", stdout=printed)
    except CommandError as failed:
        return printed.getvalue() + str(failed), False
    return printed.getvalue(), True


def test_a_house_in_order_has_no_finding(house: House) -> None:
    for topic in ("", "Gewalt"):
        ask(house.nordhafen, topic=topic)
    asked = ask(house.nordhafen)
    claim(asked, house.katrin)
    cases.hand_to_colleague(
        case=asked.pk,
        to=house.lea,
        by=house.katrin,
        holder=lent_by(house.katrin),
        at=NOW(),
    )
    said, fine = run()
    assert said == "Every key is where it belongs.\n"
    assert fine
    assert checks.keys_are_in_order(None) == []


def lent_by(member: Membership) -> StaffHolder:
    """Unlock a pair that was made cheaply although its row says otherwise (see `house`)."""
    StaffKeyWrap.objects.update(memory_kib=8, passes=1)
    holder = holder_of(member)
    StaffKeyWrap.objects.update(memory_kib=64 * 1024, passes=3)
    return holder


def crisis(house: House) -> Team:
    return house.nordhafen.teams.get(name="Krise")


def a_year_ago(house: House) -> None:
    TeamKey.objects.filter(ended_at__isnull=False).update(ended_at=NOW() - timedelta(days=365))


def removed(house: House, asked: Asked) -> None:
    staff.end_membership(member=house.aylin, by=house.ada, at=NOW())
    a_year_ago(house)


def stale_enclosure(house: House, asked: Asked) -> None:
    row, _token = staff.invite(
        organisation=house.nordhafen,
        name="Mia",
        role=Role.COUNSELLOR,
        teams=[crisis(house)],
        by=house.lea,
        holder=lent_by(house.lea),
        at=NOW() - timedelta(days=30),
    )
    assert TeamKeySeal.objects.filter(recipient=row.pk).exists()


def newcomer(house: House, asked: Asked) -> None:
    staff.enrol(
        organisation=house.nordhafen,
        name="Mia",
        email="mia@example.org",
        password=PASSWORD,
        role=Role.COUNSELLOR,
        teams=[crisis(house)],
        totp_key=TOTP_KEY,
        at=NOW(),
    )


def plain_session(house: House, asked: Asked) -> None:
    Session.objects.create(
        session_key="x" * 40,
        session_data="eyJjYXNlIjogIjEyMyIsICJjb2RlIjogIjQ1NiIsICJtZWhyIjogIm5vY2ggbWVociJ9",
        expire_date=NOW() + timedelta(days=1),
    )


def asked_for_advice(house: House, asked: Asked) -> Consultation:
    """Let Katrin ask Lea alone, and Lea's team."""
    claim(asked, house.katrin)
    for to in (house.lea, crisis(house)):
        made = consultations.ask(
            case=asked.pk,
            to=to,
            text="Was hilft?",
            is_checked=True,
            client_msg_id=uuid4(),
            by=house.katrin,
            holder=lent_by(house.katrin),
            at=NOW(),
        )
    return made


def ended_without_its_wraps(house: House, asked: Asked) -> None:
    asked_for_advice(house, asked)
    Consultation.objects.update(state="withdrawn", ended_at=NOW())


def test_open_consultations_are_in_order(house: House) -> None:
    asked_for_advice(house, ask(house.nordhafen))
    said, fine = run()
    assert said == "Every key is where it belongs.\n"
    assert fine


SERIOUS: dict[str, Callable[[House, Asked], object]] = {
    "asked-too-long": ended_without_its_wraps,
    "case-without-key": lambda _h, a: KeyWrap.objects.filter(subject=a.pk).delete(),
    "case-without-code": lambda _h, a: KeyWrap.objects.filter(subject=a.pk, kind="code").delete(),
    "case-without-team": lambda _h, a: KeyWrap.objects.filter(subject=a.pk, kind="team").delete(),
    "orphan-wrap": lambda _h, a: Case.objects.filter(pk=a.pk).delete(),
    "wrapped-twice": lambda h, a: KeyWrap.objects.create(
        subject=a.pk,
        kind="team",
        recipient=crisis(h).pk,
        generation=1,
        sealed=b"x",
        created_at=NOW(),
    ),
    "lent-too-long": lambda h, a: KeyWrap.objects.create(
        subject=a.pk,
        kind="staff",
        recipient=StaffKey.objects.get(user=h.lea.user_id).pk,
        sealed=b"x",
        created_at=NOW(),
    ),
    "generation-gone": lambda _h, a: KeyWrap.objects.filter(subject=a.pk, kind="team").update(
        generation=7
    ),
    "generation-without-holders": lambda h, a: TeamKeySeal.objects.filter(
        team_key__team=a.case.team_id, kind="staff"
    ).delete(),
    "not-wrapped-anew": removed,
    "team-without-key": lambda h, a: TeamKey.objects.filter(team=crisis(h).pk).delete(),
    "team-without-holders": lambda h, a: TeamKeySeal.objects.filter(
        team_key__team=crisis(h).pk, kind="staff"
    ).delete(),
    "sealed-for-stranger": lambda h, a: Membership.objects.filter(pk=h.aylin.pk).update(
        ended_at=NOW()
    ),
    "pair-without-lock": lambda h, a: StaffKeyWrap.objects.filter(
        staff_key__user=h.katrin.user_id
    ).delete(),
    "pair-of-nobody": lambda h, a: StaffKey.objects.create(
        user=uuid4(), public=b"x" * 32, created_at=NOW()
    ),
    "enclosed-too-long": stale_enclosure,
    "session-not-sealed": plain_session,
    "cheap-lock": lambda h, a: StaffKeyWrap.objects.filter(staff_key__user=h.katrin.user_id).update(
        memory_kib=1024
    ),
}


@pytest.mark.parametrize("code", SERIOUS)
def test_what_is_wrong_is_found_with_what_to_do(code: str, house: House) -> None:
    asked = ask(house.nordhafen)
    assert run()[1]
    SERIOUS[code](house, asked)
    before = [list(model.objects.values()) for model in (KeyWrap, TeamKey, TeamKeySeal, StaffKey)]
    said, fine = run()
    assert not fine
    assert f"WRONG {code}: " in said
    assert "What to do: " in said.split(f"WRONG {code}: ")[1]
    assert f"vault.{code}" in {found.id for found in checks.keys_are_in_order(None)}
    after = [list(model.objects.values()) for model in (KeyWrap, TeamKey, TeamKeySeal, StaffKey)]
    assert before == after


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("no-escrow", lambda h, a: EscrowKey.objects.all().delete()),
        ("not-in-escrow", lambda h, a: TeamKeySeal.objects.filter(kind="escrow").delete()),
        ("waiting-for-key", newcomer),
    ],
)
def test_a_matter_of_prudence_is_said_and_fails_nothing(
    code: str, cause: Callable[[House, Asked], object], house: House
) -> None:
    asked = ask(house.nordhafen)
    cause(house, asked)
    StaffKeyWrap.objects.update(memory_kib=64 * 1024, passes=3)
    said, fine = run()
    assert f"note  {code}: " in said
    assert fine


def test_the_surroundings_are_looked_at(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTSE_VAULT_KEY", "x" * 50)
    settings.ARGON2_PASSES = 1
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    said, fine = run()
    assert not fine
    for code in ("note  old-server-key", "WRONG cheap-passwords", "WRONG sessions-readable"):
        assert code in said
