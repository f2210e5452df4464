"""When a colleague leaves a desk, what lies there is wrapped anew for those who stay, and for nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Membership, Role
from accounts.operations import keys, staff
from audit.models import TrailEntry
from referrals.models import PartnerDesk
from referrals.operations import consents, desks, partner_reading
from referrals.operations.partner_reading import Denial, Denied
from tests import factories
from tests.factories import handoff
from tests.factories.handoff import Handed
from tests.factories.people import holder_of
from vault import keyring, parcels, team_keys
from vault.keyring import Holder, KeyUnavailable
from vault.models import KeyWrap, TeamKey

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def colleague(desk: PartnerDesk, of: Membership, name: str) -> Membership:
    """Invite a colleague, who accepts."""
    invitation, token = desks.invite(desk=desk, name=name, by=of, holder=holder_of(of), at=NOW)
    return staff.accept_as_new(
        invitation=invitation,
        token=token,
        email=f"{name.split(maxsplit=1)[0].lower()}@stelle.example",
        password=factories.PASSWORD,
        totp_key=factories.TOTP_KEY,
        totp_step=-1,
        at=NOW,
    )[0]


def three_at_a_desk(letters: int = 3) -> tuple[list[Handed], Membership, Membership, Membership]:
    """Return referrals at one desk, and the three who work there: Frieda, Ben and Cem."""
    first, frieda = handoff.at_a_desk(at=NOW)
    desk = PartnerDesk.objects.get()
    ben, cem = colleague(desk, frieda, "Ben Zwei"), colleague(desk, frieda, "Cem Drei")
    here = first.counsellor.organisation
    more = [
        handoff.sent(
            handoff.suggested(
                asked=factories.ask(here, at=NOW),
                counsellor=first.counsellor,
                to=first.service,
                at=NOW,
            ),
            at=NOW,
        )
        for _number in range(letters - 1)
    ]
    return [first, *more], frieda, ben, cem


def read(handed: Handed, member: Membership) -> str:
    """Return the text of a referral as a member of the desk opens it."""
    return partner_reading.read_at_desk(
        referral=handed.now(), member=member, holder=holder_of(member), at=LATER
    ).sent.text


def generations(handed: list[Handed]) -> set[int]:
    """Return for which generations of the desk's key the referrals are sealed."""
    return set(
        KeyWrap.objects.filter(
            subject__in=[one.referral for one in handed], kind=KeyWrap.Kind.DESK
        ).values_list("generation", flat=True)
    )


def opens(handed: Handed, holder: Holder) -> bool:
    """Say whether a holder gets at a referral's key."""
    try:
        parcels.open_by_desk(parcel=handed.referral, holder=holder)
    except KeyUnavailable:
        return False
    return True


def test_who_stays_reads_the_old_and_the_new_and_wraps_the_old_anew() -> None:
    handed, frieda, ben, cem = three_at_a_desk()
    of_ben = holder_of(ben)
    assert generations(handed) == {1}
    desks.end(desk=PartnerDesk.objects.get(), member=ben.pk, by=frieda, at=LATER)
    fresh = handoff.sent(
        handoff.suggested(
            asked=factories.ask(handed[0].asked.case.organisation, at=LATER),
            counsellor=handed[0].counsellor,
            to=handed[0].service,
            at=LATER,
        ),
        at=LATER,
    )
    assert generations([fresh]) == {2}
    assert [read(one, cem) for one in (*handed, fresh)] == [handoff.WORDS] * 4
    assert [opens(one, of_ben) for one in (*handed, fresh)] == [False] * 4

    assert keys.wrap_anew(member=cem, holder=holder_of(cem), at=LATER) == 3
    assert generations([*handed, fresh]) == {2}
    assert [read(one, frieda) for one in (*handed, fresh)] == [handoff.WORDS] * 4
    assert [read(one, cem) for one in (*handed, fresh)] == [handoff.WORDS] * 4
    entry = TrailEntry.objects.filter(action="keys.wrapped_anew").latest("pk")
    assert entry.detail["count"] == 3
    assert keys.wrap_anew(member=frieda, holder=holder_of(frieda), at=LATER) == 0


def test_even_with_the_old_secret_in_hand_ben_opens_nothing_once_it_is_wrapped_anew() -> None:
    handed, frieda, ben, _cem = three_at_a_desk()
    desk = PartnerDesk.objects.get()
    old = team_keys.current(desk.team_id)
    secret = holder_of(ben).team_secret(old)
    desks.end(desk=desk, member=ben.pk, by=frieda, at=LATER)
    keys.wrap_anew(member=frieda, holder=holder_of(frieda), at=LATER)
    for wrap in KeyWrap.objects.filter(kind=KeyWrap.Kind.DESK):
        with pytest.raises(KeyUnavailable):
            keyring.open_wrap(wrap, secret)
    assert TeamKey.objects.filter(team=desk.team_id, ended_at__isnull=True).get().generation == 2
    assert len(handed) == 3


def test_the_client_and_the_counsellor_read_on_and_taking_back_still_closes_it_for_all() -> None:
    handed, frieda, ben, cem = three_at_a_desk(1)
    desks.end(desk=PartnerDesk.objects.get(), member=ben.pk, by=frieda, at=LATER)
    keys.wrap_anew(member=cem, holder=holder_of(cem), at=LATER)
    [one] = handed
    assert one.key()
    consents.revoke(referral=one.referral, at=LATER)
    for member in (frieda, cem):
        with pytest.raises(Denied) as denied:
            read(one, member)
        assert denied.value.why is Denial.REVOKED
    assert not opens(one, holder_of(frieda))
    assert one.key()


def test_greta_of_another_desk_has_no_part_in_it() -> None:
    handed, frieda, ben, _cem = three_at_a_desk(1)
    lead = factories.enrol(handed[0].counsellor.organisation, "Ada", role=Role.ADMIN)
    _other, greta = handoff.desk(handoff.service(2), lead, "Greta Nebenan", at=NOW)
    desk = PartnerDesk.objects.get(team__members=ben)
    desks.end(desk=desk, member=ben.pk, by=frieda, at=LATER)
    assert keys.wrap_anew(member=greta, holder=holder_of(greta), at=LATER) == 0
    assert generations(handed) == {1}
    assert not opens(handed[0], holder_of(greta))
