"""Chats: entering, seats, and how they end. What was written is never lost, whoever goes."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from audit.models import TrailEntry
from chat import queries
from chat.forms import RulesForm
from chat.models import Chat
from chat.operations import ending, entering, seats, speaking
from chat.sla import Shut
from chat.states import ChatState
from counselling import queries as cases_queries
from counselling.models import Escalation, HouseRules, WorkProfile
from counselling.operations import cases, claims, holding
from counselling.sla import Channel, Urgency
from counselling.states import CaseState
from tests.chat.house import FORENOON, WORRY, Entered, chatting_house, enter, offer, reply
from tests.counselling.house import House
from tests.factories import ask, claim, close, holder_of, roster
from vault.codes import AccessCode

pytestmark = pytest.mark.django_db
NIGHT = FORENOON.replace(hour=9) + timedelta(days=4)  # a Saturday
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house() -> House:
    return chatting_house()


def sit(entered: Entered, by: Membership) -> None:
    seats.take(case=entered.pk, by=by, at=FORENOON)


def texts(entered: Entered) -> list[str]:
    return [e.text for e in cases_queries.thread(entered.now(), holder=entered.holder)]


def test_who_enters_waits_with_a_rated_text_and_a_code_that_opens_it(house: House) -> None:
    entered = enter(house)
    case = entered.now()
    assert (entered.chat().state, case.channel, case.state) == (
        ChatState.WAITING,
        Channel.CHAT,
        CaseState.WAITING,
    )
    assert texts(entered) == [WORRY]
    assert case.assessments.count() == 1


def test_danger_goes_to_the_front_and_starts_the_ladder(house: House) -> None:
    first, second = enter(house), enter(house, at=FORENOON + MINUTE)
    urgent = enter(house, in_danger=True, at=FORENOON + 2 * MINUTE)
    places = [
        queries.position(queries.open_chat(one.pk) or one.chat()) for one in (urgent, first, second)
    ]
    assert places == [1, 2, 3]
    assert Escalation.objects.filter(case=urgent.pk).exists()


def test_what_is_said_while_waiting_may_move_somebody_to_the_front(house: House) -> None:
    enter(house)
    late = enter(house, at=FORENOON + MINUTE)
    speaking.say(
        case=late.pk,
        text="Ich will nicht mehr leben und habe die Tabletten schon hier.",
        client_msg_id=uuid4(),
        holder=late.holder,
        at=FORENOON + 2 * MINUTE,
    )
    assert late.now().urgency == Urgency.SOFORT
    chat = queries.open_chat(late.pk)
    assert chat is not None
    assert queries.position(chat) == 1


def test_nobody_enters_at_the_weekend_and_nothing_is_kept(house: House) -> None:
    with pytest.raises(entering.ChatShut) as refusal:
        enter(house, at=NIGHT)
    assert refusal.value.opening.opens_at is not None
    assert not house.nordhafen.cases.exists()


def test_an_organisation_that_offers_no_chat_has_none(house: House) -> None:
    with pytest.raises(entering.ChatShut):
        entering.enter(
            organisation=house.suedstadt,
            text=WORRY,
            in_danger=False,
            code=AccessCode.generate(),
            submission=uuid4(),
            at=FORENOON,
            together_with=lambda _holder: None,
        )


def test_katrin_takes_who_is_next_and_aylin_learns_that_she_has_them(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    sit(entered, house.katrin)  # again is no error
    with pytest.raises(cases.ClaimedByOther) as refusal:
        sit(entered, house.aylin)
    assert refusal.value.holder == house.katrin
    assert entered.chat().state == ChatState.ACTIVE
    assert cases.holder_of(entered.pk) == house.katrin


def test_a_chat_that_is_taken_from_the_queue_of_questions_is_taken(house: House) -> None:
    entered = enter(house)
    claim(entered, house.katrin, at=FORENOON)
    assert entered.chat().state == ChatState.ACTIVE
    assert [chat.case_id for chat in queries.held_by(house.katrin)] == [entered.pk]


def test_a_ceiling_counts_over_questions_and_chats_whoever_wrote_last(house: House) -> None:
    WorkProfile.objects.create(member=house.katrin, ceiling=2)
    claim(ask(house.nordhafen, at=FORENOON), house.katrin, at=FORENOON)
    chat, another = enter(house), enter(house)
    sit(chat, house.katrin)
    reply(chat, house.katrin)  # now the chat waits for its client, and still fills a place
    with pytest.raises(seats.NoRoom) as refusal:
        sit(another, house.katrin)
    assert refusal.value.capacity == 2
    assert another.chat().state == ChatState.WAITING
    ending.to_mail(
        case=chat.pk, summary="", by=house.katrin, holder=holder_of(house.katrin), at=FORENOON
    )
    sit(another, house.katrin)


def test_a_case_that_is_let_go_is_in_line_again_at_its_old_place(house: House) -> None:
    first, second = enter(house), enter(house, at=FORENOON + MINUTE)
    sit(first, house.katrin)
    cases.release(case=first.pk, by=house.katrin, at=FORENOON + 5 * MINUTE)
    assert first.chat().state == ChatState.WAITING
    assert [queries.position(queries.open_chat(c.pk) or c.chat()) for c in (first, second)] == [
        1,
        2,
    ]


def test_a_transfer_brings_an_introduction_and_the_chat(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    seats.pass_on(
        case=entered.pk,
        to=house.aylin,
        introduction="Meine Kollegin Aylin macht weiter, sie kennt sich mit Schlaf aus.",
        client_msg_id=uuid4(),
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=FORENOON,
    )
    assert entered.chat().state == ChatState.ACTIVE
    assert cases.holder_of(entered.pk) == house.aylin
    assert "Aylin" in texts(entered)[-1]


def test_nobody_gets_a_chat_who_is_full_or_not_there_for_chats(house: House) -> None:
    WorkProfile.objects.create(member=house.aylin, ceiling=1)
    claim(ask(house.nordhafen, at=FORENOON), house.aylin, at=FORENOON)
    entered = enter(house)
    sit(entered, house.katrin)
    for to, refusal in ((house.aylin, seats.NoRoom), (house.jonas, seats.NotThere)):
        with pytest.raises(refusal):
            seats.pass_on(
                case=entered.pk,
                to=to,
                introduction="Gleich geht es weiter.",
                client_msg_id=uuid4(),
                by=house.katrin,
                holder=holder_of(house.katrin),
                at=FORENOON,
            )
    assert texts(entered) == [WORRY]  # nor does the client read of it


def test_whose_words_wait_for_a_second_person_gets_no_chat(house: House) -> None:
    asked = enter(house)
    WorkProfile.objects.create(member=house.lea, needs_approval=True)
    assert house.lea not in queries.counsellors(asked.case.team, at=FORENOON)
    with pytest.raises(claims.SecondPersonReads):
        seats.take(case=asked.pk, by=house.lea, at=FORENOON)
    assert asked.chat().state == ChatState.WAITING


def test_where_two_read_what_is_said_to_somebody_in_danger_the_chat_is_off(house: House) -> None:
    assert queries.opening(house.nordhafen, at=FORENOON).shut is None
    HouseRules.objects.create(organisation=house.nordhafen, four_eyes_sofort=True)
    assert queries.opening(house.nordhafen, at=FORENOON).shut is Shut.OFF
    form = RulesForm({"offered": "on"}, instance=queries.rules(house.nordhafen.pk))
    assert "zweite Person" in form.errors["offered"][0]


def test_a_chat_ends_with_a_summary_and_its_case_is_closed(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    ending.end(
        case=entered.pk,
        summary="Wir haben drei Schritte besprochen.",
        client_msg_id=uuid4(),
        by=house.katrin,
        holder=holder_of(house.katrin),
        at=FORENOON + MINUTE,
    )
    assert entered.chat().state == ChatState.ENDED
    assert (entered.now().state, entered.now().channel) == (CaseState.CLOSED, Channel.MAIL)
    assert texts(entered)[1] == "Wir haben drei Schritte besprochen."


def test_a_case_that_is_closed_ends_its_chat(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    close(entered, house.katrin, at=FORENOON)
    assert (entered.chat().state, entered.chat().why) == (ChatState.ENDED, Chat.Why.CLOSED)
    assert entered.now().channel == Channel.MAIL


def test_who_does_not_want_to_wait_has_a_question_with_its_due_time(house: House) -> None:
    entered = enter(house)
    ending.take_as_mail(case=entered.pk, at=FORENOON + MINUTE)
    case = entered.now()
    assert (entered.chat().state, case.channel) == (ChatState.MAIL, Channel.MAIL)
    assert (case.state, texts(entered)) == (CaseState.WAITING, [WORRY])
    assert case.due_at is not None


def test_who_leaves_loses_nothing(house: House) -> None:
    entered = enter(house)
    ending.leave(case=entered.pk, at=FORENOON)
    assert entered.chat().state == ChatState.LEFT
    assert texts(entered) == [WORRY]
    assert entered.now().state == CaseState.WAITING


def test_what_is_said_in_a_chat_that_is_over_is_a_message(house: House) -> None:
    entered = enter(house)
    ending.leave(case=entered.pk, at=FORENOON)
    speaking.say(
        case=entered.pk,
        text="Noch etwas.",
        client_msg_id=uuid4(),
        holder=entered.holder,
        at=FORENOON,
    )
    assert texts(entered) == [WORRY, "Noch etwas."]


def test_a_place_is_kept_for_a_while_without_a_connection_and_not_longer(house: House) -> None:
    offer(house.nordhafen.pk, by=house.ada, keep_minutes=4)
    entered = enter(house)
    assert ending.sweep(at=FORENOON + 3 * MINUTE) == 0
    speaking.keep_place(case=entered.pk, at=FORENOON + 3 * MINUTE)
    assert ending.sweep(at=FORENOON + 6 * MINUTE) == 0
    assert ending.sweep(at=FORENOON + 8 * MINUTE) == 1
    assert (entered.chat().state, entered.chat().why) == (ChatState.LEFT, Chat.Why.GONE)
    assert entered.now().state == CaseState.WAITING  # it is answered as a message


def test_a_counsellor_who_is_gone_is_taken_over_by_a_colleague(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    speaking.keep_place(case=entered.pk, at=FORENOON + 2 * MINUTE)
    assert ending.sweep(at=FORENOON + 2 * MINUTE) == 1
    assert entered.chat().state == ChatState.INTERRUPTED
    assert [chat.case_id for chat in queries.waiting(house.aylin)] == [entered.pk]
    seats.take(case=entered.pk, by=house.aylin, at=FORENOON + 3 * MINUTE)
    assert cases.holder_of(entered.pk) == house.aylin
    assert entered.chat().state == ChatState.ACTIVE


def test_a_counsellor_who_comes_back_in_time_has_their_chat(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    ending.lose_seat(case=entered.pk, at=FORENOON + 2 * MINUTE)
    speaking.keep_seat(case=entered.pk, by=house.aylin, at=FORENOON + 2 * MINUTE)
    assert entered.chat().state == ChatState.INTERRUPTED  # she only looks
    speaking.keep_seat(case=entered.pk, by=house.katrin, at=FORENOON + 3 * MINUTE)
    assert entered.chat().state == ChatState.ACTIVE
    assert ending.sweep(at=FORENOON + 3 * MINUTE + MINUTE / 2) == 0


def test_who_still_waits_when_the_chat_closes_has_a_question(house: House) -> None:
    entered = enter(house)
    Chat.objects.update(kept_until=NIGHT + MINUTE)
    assert ending.sweep(at=NIGHT) == 1
    assert (entered.chat().state, entered.chat().why) == (ChatState.MAIL, Chat.Why.CLOSING)


def test_every_move_is_in_the_trail_without_a_word(house: House) -> None:
    entered = enter(house)
    sit(entered, house.katrin)
    ending.to_mail(
        case=entered.pk, summary="", by=house.katrin, holder=holder_of(house.katrin), at=FORENOON
    )
    rows = TrailEntry.objects.filter(case=entered.pk, action__startswith="chat.").order_by("pk")
    assert [row.action for row in rows] == ["chat.entered", "chat.taken", "chat.became_mail"]
    assert WORRY not in str([row.detail for row in rows])


def test_a_read_mark_goes_forward_only_and_not_beyond_what_there_is(house: House) -> None:
    entered = enter(house)
    assert speaking.read_by_team(case=entered.pk, seq=99)
    assert entered.chat().team_read == 1
    assert not speaking.read_by_team(case=entered.pk, seq=0)


def test_the_line_asks_as_few_questions_at_one_row_as_at_many(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    enter(house)
    one = queries.waiting(house.katrin)
    with django_assert_num_queries(2):
        one = queries.waiting(house.katrin)
    for _number in range(6):
        enter(house)
    with django_assert_num_queries(2):
        many = queries.waiting(house.katrin)
    assert (len(one), len(many)) == (1, 7)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_a_chat_at_once_one_has_it(house: House) -> None:
    entered = enter(house)
    takers, won, start = [house.katrin, house.aylin] * 3, [], Barrier(6)

    def take(member: Membership) -> None:
        start.wait()
        try:
            seats.take(case=entered.pk, by=member, at=FORENOON)
            won.append(member.pk)
        except cases.ClaimedByOther:
            pass
        finally:
            connection.close()

    threads = [Thread(target=take, args=[member]) for member in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holder = cases.holder_of(entered.pk)
    assert holder is not None
    assert set(won) == {holder.pk}  # three times the same person is one


def test_a_chat_outlasts_its_counsellors_shift_and_its_case_then_goes_to_who_is_there(
    house: House,
) -> None:
    roster.shift(house.katrin, FORENOON.date(), "08:00", "11:00", at=FORENOON)
    roster.shift(house.aylin, FORENOON.date(), "08:00", "18:00", at=FORENOON)
    entered = enter(house)
    sit(entered, house.katrin)
    reply(entered, house.katrin)
    after = FORENOON + timedelta(hours=3)
    speaking.say(
        case=entered.pk,
        text="Und was mache ich dann?",
        client_msg_id=uuid4(),
        holder=entered.holder,
        at=after,
    )
    holding.sweep(at=after)
    assert cases.holder_of(entered.pk) == house.katrin
    ending.take_as_mail(case=entered.pk, at=after)
    assert cases.holder_of(entered.pk) is None
    assert entered.now().state == CaseState.WAITING
