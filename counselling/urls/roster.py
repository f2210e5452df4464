"""The pages of shifts, absences and plans, under /team/."""

from django.urls import URLPattern, path

from counselling.views import planning, presence, roster, working

SHIFTS = "dienst/"

urlpatterns: list[URLPattern] = [
    path(SHIFTS, roster.week, name="shifts"),
    path(f"{SHIFTS}planen/", planning.plan, name="roster-plan"),
    path(f"{SHIFTS}planen/<uuid:pattern>/beenden/", planning.pattern_end, name="pattern-end"),
    path(f"{SHIFTS}abdeckung/", planning.coverage, name="coverage"),
    path(f"{SHIFTS}rufbereitschaft/", planning.on_call, name="on-call"),
    path(f"{SHIFTS}abwesenheit/", presence.absences, name="absences"),
    path(
        f"{SHIFTS}abwesenheit/<uuid:absence>/zuruecknehmen/",
        presence.absence_drop,
        name="absence-drop",
    ),
    path(f"{SHIFTS}kalender/", presence.calendar_link, name="calendar-link"),
    path(f"{SHIFTS}kalender/<str:token>.ics", presence.feed, name="roster-feed"),
    path(f"{SHIFTS}regeln/", working.rules, name="working-rules"),
    path(f"{SHIFTS}regeln/<uuid:member>/", working.profile, name="work-profile"),
    path(f"{SHIFTS}tausch/<uuid:swap>/", roster.swap, name="swap"),
    path(f"{SHIFTS}<uuid:shift>/", roster.shift, name="shift"),
    path(f"{SHIFTS}<uuid:shift>/uebernehmen/", roster.take, name="shift-take"),
]
