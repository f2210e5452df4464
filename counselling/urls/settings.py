"""The settings of counselling, under /team/."""

from django.urls import URLPattern, path

from counselling.views import promises, settings

TOPICS = "einstellungen/themen/"
MODULES = "einstellungen/textbausteine/"
HOURS = "einstellungen/arbeitszeiten/"
LEVELS = "einstellungen/antwortzeiten/"

urlpatterns: list[URLPattern] = [
    # Which team and channel: in the query, nothing for the whole organisation.
    path(HOURS, promises.calendars, name="calendars"),
    path(f"{HOURS}aendern/", promises.calendar, name="calendar"),
    path(LEVELS, promises.service_levels, name="service-levels"),
    path(f"{LEVELS}aendern/", promises.service_level, name="service-level"),
    path(TOPICS, settings.topics, name="topics"),
    path(f"{TOPICS}neu/", settings.topic_new, name="topic-new"),
    path(f"{TOPICS}<uuid:topic>/", settings.topic, name="topic"),
    path(f"{TOPICS}<uuid:topic>/loeschen/", settings.topic_drop, name="topic-drop"),
    path(MODULES, settings.text_modules, name="text-modules"),
    path(f"{MODULES}neu/", settings.text_module_new, name="text-module-new"),
    path(f"{MODULES}<uuid:module>/", settings.text_module, name="text-module"),
    path(f"{MODULES}<uuid:module>/loeschen/", settings.text_module_drop, name="text-module-drop"),
]
