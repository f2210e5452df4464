"""Pages about alarms: the board, the link in the mail, the settings, what cannot be delivered."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.operations import staff
from counselling import reaching
from counselling.ladders import DEFAULTS, Rung, Whom
from counselling.models import AlarmNumber, Case, Escalation
from counselling.operations import escalations
from counselling.sla import Urgency
from outbox.models import Delivery, PushSubscription
from outbox.operations import deliveries
from tests.counselling.house import House, open_house
from tests.counselling.pages import errors, words
from tests.factories import ask
from tests.factories.sessions import signed_in
from tests.outbox.test_push import SECRET, Browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return open_house()


def alarm(house: House) -> Escalation:
    """Ask something that cannot wait, of the team Erziehung."""
    return ask(house.nordhafen, in_danger=True).case.escalations.get()


def link_of(member: Membership) -> str:
    """Return the path of the link in the newest mail to a member."""
    mail = Delivery.objects.filter(channel="mail", to=member.user.email).latest("promised_at")
    found = re.search(r"https?://[^/]+(\S+)", mail.body)
    assert found is not None
    return found.group(1)


def board_of(member: Membership) -> str:
    return words(signed_in(member).get(reverse("alarm-board")))


def test_an_alarm_stands_on_every_page_of_who_may_know_and_on_no_other(house: House) -> None:
    raised = alarm(house)
    shown = f"{raised.case.reference}, Erziehung"
    for page in ("queue", "my-cases", "reviews", "staff-directory", "my-alarms"):
        assert shown in words(signed_in(house.katrin).get(reverse(page))), page
    assert shown in board_of(house.lea), "who leads sees those of every team"
    assert shown not in words(signed_in(house.ada).get(reverse("settings")))
    assert "Sofort" not in board_of(house.boris)


def test_one_click_confirms_and_it_vanishes_for_everybody(house: House) -> None:
    raised = alarm(house)
    browser = signed_in(house.aylin)
    answer = browser.post(
        reverse("alarm-acknowledge", args=[raised.pk]), {"next": reverse("my-cases")}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse("my-cases")
    assert "Der Alarm ist überall aus" in words(answer)
    for member in (house.katrin, house.lea):
        assert raised.case.reference not in board_of(member)
    again = browser.post(reverse("alarm-acknowledge", args=[raised.pk]), follow=True)
    assert "Das hat schon jemand bestätigt" in words(again)


def test_who_writes_confirms_without_leaving_the_page(house: House) -> None:
    raised, other = alarm(house), alarm(house)
    browser = signed_in(house.aylin)
    url = reverse("alarm-acknowledge", args=[raised.pk])
    board = words(browser.post(url, headers={"HX-Request": "true"}))
    assert "Der Alarm ist überall aus" in board
    assert raised.case.reference not in board
    assert other.case.reference in board
    again = words(browser.post(url, headers={"HX-Request": "true"}))
    assert "Das hat schon jemand bestätigt" in again


def test_a_page_that_answers_a_form_leads_back_to_no_address_that_only_takes_forms(
    house: House,
) -> None:
    raised = alarm(house)
    browser = signed_in(house.aylin)
    page = browser.post(reverse("case-note", args=[raised.case_id]), {"text": ""})
    ways = re.findall(r'name="next" value="([^"]*)"', page.content.decode())
    url = reverse("alarm-acknowledge", args=[raised.pk])
    assert browser.post(url, {"next": ways[0]}, follow=True).status_code == 200


def test_nobody_is_led_to_another_site_after_confirming(house: House) -> None:
    url = reverse("alarm-acknowledge", args=[alarm(house).pk])
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = signed_in(house.katrin).post(url, {"next": elsewhere})
        assert answer.headers["Location"] == reverse("queue")


def test_who_may_not_see_an_alarm_cannot_confirm_it(house: House) -> None:
    raised = alarm(house)
    kim = house.nordhafen.teams.get(name="Krise")
    stranger = house.aylin
    stranger.teams.set([kim])
    for member in (stranger, house.ada, house.boris):
        url = reverse("alarm-acknowledge", args=[raised.pk])
        assert signed_in(member).post(url).status_code == 404
    raised.refresh_from_db()
    assert raised.ended_at is None


def test_following_the_mails_link_confirms_nothing_and_its_button_does(house: House) -> None:
    raised = alarm(house)
    with_mail = Membership.objects.get(
        user__email=Delivery.objects.filter(channel="mail").values_list("to", flat=True)[0]
    )
    path = link_of(with_mail)
    guest = Client()
    for _scan in range(3):
        assert "Ich kümmere mich" in words(guest.get(path))
    assert guest.head(path).status_code == 200
    raised.refresh_from_db()
    assert raised.ended_at is None
    page = guest.post(path)
    assert "Danke, bestätigt" in words(page)
    assert raised.case.reference not in words(page)
    raised.refresh_from_db()
    assert (raised.how, raised.by) == (Escalation.How.MAIL, with_mail)
    assert "Das ist schon bestätigt" in words(guest.get(path))


def test_a_link_ends_with_time_with_the_membership_and_when_it_is_changed(
    house: House, time_machine: Any
) -> None:
    alarm(house)
    member = Membership.objects.get(
        user__email=Delivery.objects.filter(channel="mail").values_list("to", flat=True)[0]
    )
    path = link_of(member)
    guest = Client()
    for broken in (path[:-5] + "/", path[:20] + "x" + path[21:], reverse("alarm-link", args=["ä"])):
        assert guest.get(broken).status_code == 404, broken
        assert guest.post(broken).status_code == 404
    time_machine.move_to(timezone.now() + timedelta(days=2, minutes=1))
    assert guest.get(path).status_code == 404
    time_machine.move_to(timezone.now() - timedelta(days=2))
    assert guest.get(path).status_code == 200
    other = house.ada if member != house.ada else house.lea
    staff.end_membership(member=member, by=other, at=timezone.now())
    assert guest.post(path).status_code == 404
    assert Escalation.objects.get().ended_at is None


def test_the_list_shows_the_ladder_and_how_it_ended(house: House) -> None:
    raised = alarm(house)
    escalations.move_on(at=timezone.now() + timedelta(minutes=3))
    page = words(signed_in(house.katrin).get(reverse("alarms")))
    assert "Offen" in page
    assert raised.case.reference in page
    asked_again = Case.objects.get(pk=raised.case_id)
    escalations.acknowledge(
        escalation=raised.pk, by=house.katrin, how=Escalation.How.PAGE, at=timezone.now()
    )
    page = words(signed_in(house.katrin).get(reverse("alarms")))
    assert "auf der Seite bestätigt, Katrin Petersen" in page
    assert asked_again.reference in page
    assert asked_again.reference not in words(signed_in(house.boris).get(reverse("alarms")))


def test_a_lead_without_anybody_on_call_reads_so_on_every_page(house: House) -> None:
    assert "Niemand ist in Rufbereitschaft" in words(signed_in(house.lea).get(reverse("queue")))
    assert "Niemand ist in Rufbereitschaft" not in words(
        signed_in(house.katrin).get(reverse("queue"))
    )
    assert Client().get("/ready/").json()["on_call"] == "empty"


def test_readiness_says_when_nobody_takes_the_steps(house: House) -> None:
    alarm(house)
    Escalation.objects.update(next_at=timezone.now() - timedelta(minutes=6))
    assert Client().get("/ready/").json()["alarms"] == "late"


def test_what_cannot_be_delivered_is_tried_again_or_given_up_by_who_leads(house: House) -> None:
    alarm(house)
    dead = Delivery.objects.filter(channel="mail")[0]
    Delivery.objects.update(state="dead", due_at=None, failure="unreachable")
    browser = signed_in(house.lea)
    page = words(browser.get(reverse("deliveries")))
    assert dead.to in page
    assert "nicht erreichbar" in page
    url = reverse("delivery-try-again", args=[dead.pk])
    assert signed_in(house.boris).post(url).status_code == 404
    assert signed_in(house.katrin).post(url).status_code == 404
    assert "Wird noch einmal versucht" in words(browser.post(url, follow=True))
    assert Delivery.objects.get(pk=dead.pk).state == "waiting"
    assert "hat sich schon erledigt" in words(browser.post(url, follow=True))
    deliveries.withdraw(key=dead.key, at=timezone.now())


def ladder_form(*steps: dict[str, Any]) -> dict[str, Any]:
    """Return what a browser sends of the ladder's form."""
    data: dict[str, Any] = {"form-TOTAL_FORMS": len(steps), "form-INITIAL_FORMS": 0}
    for number, step in enumerate(steps):
        data |= {f"form-{number}-{name}": value for name, value in step.items()}
    return data


ON_DUTY = {"whom": "on_duty", "mail": "on", "wait": "5"}


def test_ada_gives_the_house_a_ladder_and_takes_it_back(house: House) -> None:
    browser = signed_in(house.ada)
    url = reverse("ladder", args=[0])
    answer = browser.post(url, ladder_form(ON_DUTY, {"whom": "", "wait": ""}), follow=True)
    assert "Die Alarmkette ist gespeichert" in words(answer)
    assert reaching.ladder_of(house.nordhafen, Urgency.SOFORT) == (
        Rung(Whom.ON_DUTY, mail=True, push=False, webhook=False, wait=5),
    )
    assert reaching.ladder_of(house.suedstadt, Urgency.SOFORT) == DEFAULTS[Urgency.SOFORT]
    browser.post(url, {"reset": "1"})
    assert reaching.ladder_of(house.nordhafen, Urgency.SOFORT) == DEFAULTS[Urgency.SOFORT]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([{**ON_DUTY, "wait": "0"}], "Null Minuten gehen nicht"),
        ([{**ON_DUTY, "wait": "-3"}], "Zahl von 1 bis 1440"),
        ([{**ON_DUTY, "wait": "1441"}], "Zahl von 1 bis 1440"),
        ([{**ON_DUTY, "wait": "fünf"}], "Zahl von 1 bis 1440"),
        ([{**ON_DUTY, "wait": ""}], "wie lange gewartet wird"),
        ([{**ON_DUTY, "whom": "the_pope"}], ""),
        ([{"whom": "", "wait": "5"}], "Mindestens ein Schritt"),
        ([{**ON_DUTY, "whom": "on_call"}], "In der Rufbereitschaft steht niemand"),
        ([{"whom": "on_duty", "wait": "5"}], "Der letzte Schritt wiederholt sich"),
        ([{"whom": "on_duty", "push": "on", "wait": "5"}], "ist niemand erreichbar"),
        ([{"whom": "leads", "webhook": "on", "wait": "5"}], "ist niemand erreichbar"),
        ([ON_DUTY] * 9, "höchstens 8 Schritte"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused_with_why(
    house: House, steps: list[dict[str, Any]], sentence: str
) -> None:
    page = signed_in(house.ada).post(reverse("ladder", args=[0]), ladder_form(*steps))
    assert page.status_code == 200
    assert sentence in words(page)
    assert reaching.ladder_of(house.nordhafen, Urgency.SOFORT) == DEFAULTS[Urgency.SOFORT]


def test_a_form_without_its_frame_is_answered_with_a_sentence(house: House) -> None:
    page = signed_in(house.ada).post(reverse("ladder", args=[0]), {"x": "1"})
    assert "Bitte laden Sie die Seite neu" in words(page)
    assert signed_in(house.ada).get("/team/einstellungen/alarme/7/").status_code == 404


def test_quiet_hours_are_set_and_nonsense_is_refused(house: House) -> None:
    browser = signed_in(house.ada)
    url = reverse("ladders")
    assert "22:00" in errors(browser.post(url, {"quiet_begins": "abends", "quiet_ends": "25:00"}))
    browser.post(url, {"quiet_begins": "21:30", "quiet_ends": "05:00"})
    assert reaching.quiet_of(house.nordhafen).begins.isoformat() == "21:30:00"


def test_a_gateway_in_the_own_network_is_refused_with_why(house: House, settings: Any) -> None:
    browser = signed_in(house.ada)
    url = reverse("gateway")
    for address, sentence in (
        ("http://sms.example.org/", "https://"),
        ("https://10.0.0.1/sms", "im eigenen Netz"),
        ("sms", "https://"),
        ("", "Bitte geben Sie die Adresse an."),
    ):
        assert sentence in errors(browser.post(url, {"address": address})), address
    page = browser.post(url, {"address": "https://sms.example.org/lotse"}, follow=True)
    found = re.search(r'gateway-secret">([0-9a-f]{48})<', page.content.decode())
    assert found is not None
    renewed = browser.post(url, {"renew": "1"}, follow=True).content.decode()
    assert found.group(1) not in renewed
    assert (
        "gateway-secret" not in browser.post(url, {"disconnect": "1"}, follow=True).content.decode()
    )


def test_katrin_says_how_alarms_reach_her(house: House) -> None:
    browser = signed_in(house.katrin)
    url = reverse("my-alarms")
    assert "keine Telefonnummer" in errors(browser.post(url, {"number": "12"}))
    browser.post(url, {"number": "0151 23456789"})
    assert AlarmNumber.objects.get(member=house.katrin).number == "+4915123456789"
    assert "Probe" in words(browser.post(url, {"try": "1"}, follow=True))
    assert Delivery.objects.get(key__startswith="trial:").to == house.katrin.user.email
    browser.post(url, {"number": ""})
    assert not AlarmNumber.objects.exists()


def test_a_device_is_switched_on_and_off_by_its_owner_only(house: House) -> None:
    browser = signed_in(house.katrin)
    sent = {
        "endpoint": "https://push.example.org/1",
        "p256dh": urlsafe_b64encode(Browser().public).decode().rstrip("="),
        "auth": urlsafe_b64encode(SECRET).decode().rstrip("="),
    }
    assert browser.post(reverse("push-device"), sent).status_code == 204
    for bad in ({}, {**sent, "endpoint": "https://127.0.0.1/"}, {**sent, "p256dh": "ä"}):
        assert browser.post(reverse("push-device"), bad).status_code == 400
    row = PushSubscription.objects.get()
    assert row.owner == house.katrin.user_id
    signed_in(house.aylin).post(reverse("my-alarms"), {"forget": str(row.pk)})
    assert PushSubscription.objects.exists()
    browser.post(reverse("my-alarms"), {"forget": str(row.pk)})
    assert not PushSubscription.objects.exists()
    worker = Client().get(reverse("push-worker"))
    assert worker.headers["Content-Type"] == "text/javascript"
    assert b"showNotification" in worker.content
