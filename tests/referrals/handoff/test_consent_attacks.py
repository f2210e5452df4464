"""Whoever should not read what was sent is denied; the refusal has a name and stands in the trail."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import Role
from audit import trail
from audit.models import TrailEntry
from counselling.operations import cases
from referrals.handoff import parcel, wording
from referrals.handoff.parcel import Contact, Parcel
from referrals.models import Consent, Referral
from referrals.operations import (
    client_moves,
    consents,
    following_up,
    handing_over,
    partner_moves,
    partner_reading,
    referring,
)
from referrals.operations.partner_reading import Denial, Denied
from referrals.queries import handoff as queries
from referrals.states import IllegalReferralMove
from tests import factories
from tests.factories import handoff
from tests.factories.people import holder_of
from vault import parcels
from vault.models import KeyWrap

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
LATER = NOW + timedelta(hours=3)


def denials() -> list[str]:
    """Return the reasons of the refusals in the trail, in order."""
    found = TrailEntry.objects.filter(action="referral.access_denied").order_by("pk")
    return [str(entry.detail["reason"]) for entry in found]


def test_frieda_reads_at_her_desk_exactly_what_was_confirmed() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW, fields={"age_band": "1 bis 3 Jahre"})
    read = partner_reading.read_at_desk(
        referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
    )
    assert read.sent.text == handoff.WORDS
    assert read.sent.fields == {"age_band": "1 bis 3 Jahre"}
    assert handed.now().seen_at == LATER


def test_ole_reads_by_the_link_of_his_mail_and_the_code_that_katrin_tells_him() -> None:
    handed = handoff.sent(at=NOW)
    _link, key = partner_reading.open_link(
        token=handoff.token_of(handed), code=handed.codes().link, at=LATER
    )
    read = partner_reading.read_by_link(referral=handed.now(), key=key, at=LATER)
    assert read.sent.text == handoff.WORDS


def test_the_code_of_one_service_does_not_open_the_link_of_another() -> None:
    mine = handoff.sent(at=NOW)
    theirs = handoff.sent(
        handoff.suggested(
            asked=factories.ask(mine.asked.case.organisation, at=NOW),
            counsellor=mine.counsellor,
            to=handoff.service(2),
            at=NOW,
        ),
        at=NOW,
    )
    with pytest.raises(Denied) as denied:
        partner_reading.open_link(token=handoff.token_of(theirs), code=mine.codes().link, at=LATER)
    assert denied.value.why is Denial.WRONG_CODE
    assert denials() == ["wrong_code"]
    assert wording.denied_words(denied.value.why)


def test_a_member_of_another_desk_has_neither_the_row_nor_the_key() -> None:
    handed, _frieda = handoff.at_a_desk(at=NOW)
    lead = factories.enrol(handed.counsellor.organisation, "Ada", role=Role.ADMIN)
    _desk, greta = handoff.desk(handoff.service(2), lead, "Greta Nebenan", at=NOW)
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=handed.now(), member=greta, holder=holder_of(greta), at=LATER
        )
    assert denied.value.why is Denial.NO_KEY
    assert denials() == ["no_key"]


def test_after_its_time_a_consent_opens_nothing_even_before_the_sweep_has_come() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW, days=30)
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=handed.now(),
            member=frieda,
            holder=holder_of(frieda),
            at=NOW + timedelta(days=30),
        )
    assert denied.value.why is Denial.EXPIRED
    assert denials() == ["expired"]


def test_revoked_in_the_middle_of_reading_the_next_look_shows_nothing() -> None:
    handed = handoff.sent(at=NOW)
    _link, key = partner_reading.open_link(
        token=handoff.token_of(handed), code=handed.codes().link, at=LATER
    )
    partner_reading.read_by_link(referral=handed.now(), key=key, at=LATER)
    consents.revoke(referral=handed.referral, at=LATER)
    with pytest.raises(Denied) as denied:
        partner_reading.read_by_link(referral=handed.now(), key=key, at=LATER)
    assert denied.value.why is Denial.REVOKED
    with pytest.raises(Denied):
        partner_moves.accept(referral=handed.referral, by=handoff.side(), key=key, at=LATER)
    kinds = KeyWrap.objects.filter(subject=handed.referral).values_list("kind", flat=True)
    assert list(kinds) == ["case"]
    assert "revoked" in denials()


def test_who_revokes_still_sees_what_was_sent() -> None:
    handed = handoff.sent(at=NOW)
    consents.revoke(referral=handed.referral, at=LATER)
    sent = queries.sent(handed.now(), handed.key())
    assert sent is not None
    assert sent.text == handoff.WORDS


def test_the_service_is_told_of_a_revocation_only_that_it_was_withdrawn() -> None:
    handed = handoff.sent(at=NOW)
    consents.revoke(referral=handed.referral, at=LATER)
    last = [mail for mail in handoff.mails() if "withdrawn" in mail.key]
    assert len(last) == 1
    assert "zurückgenommen" in last[0].body
    assert "schläft" not in last[0].body


def test_a_link_opens_once() -> None:
    handed = handoff.sent(at=NOW)
    token, code = handoff.token_of(handed), handed.codes().link
    partner_reading.open_link(token=token, code=code, at=LATER)
    with pytest.raises(Denied) as denied:
        partner_reading.open_link(token=token, code=code, at=LATER)
    assert denied.value.why is Denial.USED
    assert denials() == ["used"]
    # The next one came by mail, and the code is the same.
    following = handoff.token_of(handed)
    assert following != token
    partner_reading.open_link(token=following, code=code, at=LATER)


def test_five_wrong_codes_close_a_link_and_katrin_can_send_a_new_one() -> None:
    handed = handoff.sent(at=NOW)
    token, code = handoff.token_of(handed), handed.codes().link
    for _try in range(5):
        with pytest.raises(Denied):
            partner_reading.open_link(token=token, code=parcels.new_code(), at=LATER)
    with pytest.raises(Denied) as denied:
        partner_reading.open_link(token=token, code=code, at=LATER)
    assert denied.value.why is Denial.CLOSED
    handing_over.renew(
        referral=handed.referral,
        by=handed.counsellor,
        holder=holder_of(handed.counsellor),
        at=LATER,
    )
    fresh = handed.codes().link
    assert fresh != code
    partner_reading.open_link(token=handoff.token_of(handed), code=fresh, at=LATER)


def test_a_link_that_is_too_old_opens_nothing() -> None:
    handed = handoff.sent(at=NOW)
    with pytest.raises(Denied) as denied:
        partner_reading.open_link(
            token=handoff.token_of(handed),
            code=handed.codes().link,
            at=NOW + timedelta(days=14),
        )
    assert denied.value.why is Denial.RUN_OUT


@pytest.mark.parametrize("opened_before", [False, True])
def test_a_link_lasts_until_the_weeks_of_a_waiting_list_are_over(opened_before: bool) -> None:
    handed = handoff.sent(at=NOW)
    code = handed.codes().link
    partner_reading.open_link(token=handoff.token_of(handed), code=code, at=NOW)
    partner_moves.put_on_waiting_list(
        referral=handed.referral, weeks=6, by=handoff.side(), key=None, at=NOW
    )
    if opened_before:  # somebody only looks: the next link has to last as long
        partner_reading.open_link(token=handoff.token_of(handed), code=code, at=NOW)
    reminded = NOW + timedelta(weeks=6, days=3)
    following_up.follow_up(at=reminded)
    assert "aus unserer letzten Mail und Ihrem Code. Der Link gilt bis" in handoff.mails()[-1].body
    _link, key = partner_reading.open_link(token=handoff.token_of(handed), code=code, at=reminded)
    partner_moves.accept(referral=handed.referral, by=handoff.side(), key=key, at=reminded)


def test_a_link_waits_for_a_client_who_takes_three_weeks_to_answer() -> None:
    handed = handoff.sent(at=NOW)
    code = handed.codes().link
    _link, key = partner_reading.open_link(token=handoff.token_of(handed), code=code, at=NOW)
    partner_moves.ask_back(
        referral=handed.referral, text="Wie alt?", by=handoff.side(), key=key, at=NOW
    )
    answered = NOW + timedelta(weeks=3)
    client_moves.answer(
        referral=handed.referral, text="Zwei.", holder=handed.asked.holder, at=answered
    )
    partner_reading.open_link(token=handoff.token_of(handed), code=code, at=answered)


def test_who_is_told_of_a_withdrawal_is_not_sent_to_a_closed_link() -> None:
    handed = handoff.sent(at=NOW)
    consents.revoke(referral=handed.referral, at=NOW)
    assert "Link" not in handoff.mails()[-1].body


def test_a_link_that_never_was_is_noted_too() -> None:
    with pytest.raises(Denied) as denied:
        partner_reading.looked_at(token="erfunden", at=NOW)
    assert denied.value.why is Denial.UNKNOWN
    assert denials() == ["unknown"]


def test_what_was_changed_between_looking_and_confirming_is_not_sent() -> None:
    handed = handoff.suggested(at=NOW)
    holder = handed.asked.holder
    seen = Parcel(str(handed.service.pk), handed.service.name, "Nur das.", Contact.LOTSE)
    mark = consents.prepare(referral=handed.referral, sending=seen, holder=holder, at=NOW)
    other = Parcel(str(handed.service.pk), handed.service.name, "Viel mehr.", Contact.LOTSE)
    consents.prepare(referral=handed.referral, sending=other, holder=holder, at=NOW)
    with pytest.raises(consents.TextChanged):
        consents.confirm(
            referral=handed.referral,
            mark=mark,
            about=Consent.About.SELF,
            days=30,
            holder=holder,
            at=NOW,
        )
    assert handed.now().payload is None
    assert not Consent.objects.exists()


def test_a_text_that_was_exchanged_after_confirming_is_shown_to_nobody() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    row, key = handed.now(), handed.key()
    forged = Parcel(str(handed.service.pk), handed.service.name, "Anderes.", Contact.LOTSE)
    # Somebody with the key and the database: the place fits, the digest does not.
    Referral.objects.filter(pk=row.pk).update(
        payload=parcel.seal_parcel(forged, key=key, place=parcel.payload_place(row.pk))
    )
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
        )
    assert denied.value.why is Denial.CHANGED
    assert denials() == ["changed"]


def test_the_payload_of_one_referral_does_not_open_in_the_place_of_another() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    row = handed.now()
    moved = parcel.seal_parcel(
        Parcel(str(handed.service.pk), "x", "Anderes.", Contact.LOTSE),
        key=handed.key(),
        place=parcel.payload_place(uuid4()),
    )
    Referral.objects.filter(pk=row.pk).update(payload=moved)
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
        )
    assert denied.value.why is Denial.CHANGED


def test_forwarding_sends_nothing_and_needs_a_new_consent() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    other = handoff.service(2)
    lead = factories.enrol(handed.counsellor.organisation, "Ada", role=Role.ADMIN)
    _desk, greta = handoff.desk(other, lead, "Greta Nebenan", at=NOW)
    key = partner_reading.read_at_desk(
        referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
    ).key
    new = partner_moves.forward(
        referral=handed.referral, to=other, by=handoff.side(frieda), key=key, at=LATER
    )
    assert new.state == Referral.State.SUGGESTED
    assert new.payload is None
    assert not KeyWrap.objects.filter(subject=new.pk).exists()
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=Referral.objects.get(pk=new.pk),
            member=greta,
            holder=holder_of(greta),
            at=LATER,
        )
    assert denied.value.why is Denial.NO_CONSENT
    with pytest.raises(IllegalReferralMove):
        partner_moves.accept(
            referral=new.pk, by=partner_reading.entered_by(handed.counsellor), key=None, at=LATER
        )
    # Who forwarded reads nothing more either.
    with pytest.raises(Denied) as ended:
        partner_reading.read_at_desk(
            referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
        )
    assert ended.value.why is Denial.ENDED


def test_a_consent_for_one_service_does_not_serve_another() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    Referral.objects.filter(pk=handed.referral).update(service=handoff.service(2))
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=handed.now(), member=frieda, holder=holder_of(frieda), at=LATER
        )
    assert denied.value.why is Denial.NO_CONSENT


def test_a_deleted_case_takes_its_open_referral_along() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    cases.delete(case=handed.asked.pk, by=trail.CLIENT, at=LATER)
    row = Referral.objects.get(pk=handed.referral)
    assert row.state == Referral.State.WITHDRAWN
    assert (row.case_id, row.payload, row.draft, row.codes) == (None, None, None, None)
    assert not KeyWrap.objects.filter(subject=row.pk).exists()
    with pytest.raises(Denied) as denied:
        partner_reading.read_at_desk(
            referral=row, member=frieda, holder=holder_of(frieda), at=LATER
        )
    assert denied.value.why is Denial.REVOKED
    assert [m for m in handoff.mails() if "withdrawn" in m.key]


def test_a_deleted_case_closes_the_link_that_was_under_way() -> None:
    handed = handoff.sent(at=NOW)
    token, code = handoff.token_of(handed), handed.codes().link
    cases.delete(case=handed.asked.pk, by=trail.CLIENT, at=LATER)
    with pytest.raises(Denied) as denied:
        partner_reading.open_link(token=token, code=code, at=LATER)
    assert denied.value.why is Denial.UNKNOWN
    # What had not left the house never leaves it.
    assert all(token not in mail.body for mail in handoff.mails())


def test_nothing_ended_is_acted_on() -> None:
    handed, frieda = handoff.at_a_desk(at=NOW)
    consents.revoke(referral=handed.referral, at=LATER)
    for act in (partner_moves.begin, partner_moves.note_arrival, partner_moves.note_missed):
        with pytest.raises(Denied):
            act(referral=handed.referral, by=handoff.side(frieda), at=LATER)
    with pytest.raises(referring.ReferralGone):
        partner_moves.begin(referral=uuid4(), by=handoff.side(frieda), at=LATER)


def test_the_key_is_never_that_of_the_case() -> None:
    handed, _frieda = handoff.at_a_desk(at=NOW)
    assert bytes(handed.key()) != bytes(handed.asked.holder.key)
