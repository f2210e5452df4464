"""Alarms: the board on every page of the team, the link in a mail, ladders, and what cannot be delivered."""

from django.urls import URLPattern, path

from counselling.views import alarms, deliveries, ladders, reach

ALARMS = "alarme/"
LADDERS = "einstellungen/alarme/"

urlpatterns: list[URLPattern] = [
    path(ALARMS, alarms.alarms, name="alarms"),
    path(f"{ALARMS}jetzt/", alarms.board, name="alarm-board"),
    path(f"{ALARMS}<uuid:escalation>/bestaetigen/", alarms.acknowledge, name="alarm-acknowledge"),
    path(f"{ALARMS}zustellung/", deliveries.deliveries, name="deliveries"),
    path(
        f"{ALARMS}zustellung/<uuid:delivery>/", deliveries.dead_delivery, name="delivery-try-again"
    ),
    path(f"{ALARMS}meine/", reach.reach, name="my-alarms"),
    path(f"{ALARMS}meine/geraet/", reach.device, name="push-device"),
    path("meldungen.js", reach.worker, name="push-worker"),
    path("alarm/<str:ticket>/", alarms.from_mail, name="alarm-link"),
    path(LADDERS, ladders.ladders, name="ladders"),
    path(f"{LADDERS}rufgeraet/", ladders.gateway, name="gateway"),
    path(f"{LADDERS}<int:urgency>/", ladders.ladder, name="ladder"),
]
