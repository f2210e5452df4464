"""All pages. German without a prefix, the same under `/en/` in English."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import LocalePrefixPattern
from django.utils.translation import get_language

from config import views
from reporting import supervision_views


class EnglishPrefixPattern(LocalePrefixPattern):
    """`en/` for English, nothing for German in either form of address."""

    @property
    def language_prefix(self) -> str:
        """Return the prefix of the language that is spoken now."""
        return "en/" if get_language() == "en" else ""


pages: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("health/", views.health, name="health"),
    path("ready/", views.ready, name="ready"),
    path("team/", include("accounts.urls")),
    path("team/", include("counselling.urls.staff")),
    path("team/", include("counselling.urls.settings")),
    path("team/", include("counselling.urls.roster")),
    path("team/", include("counselling.urls.alarms")),
    path("team/", include("chat.urls.staff")),
    path("team/zahlen/", include("reporting.urls")),
    path("team/hilfe/", include("referrals.urls.finding")),
    path("team/", include("referrals.urls.staff")),
    path("team/", include("referrals.urls.handoff_staff")),
    path("team/stelle/", include("referrals.urls.partner")),
    path("weitergabe/", include("referrals.urls.handoff_link")),
    path("verzeichnis/", include("referrals.urls.public")),
]
if settings.DEMO:
    pages.append(path("demo/", include("config.demo.urls")))
# Last: an organisation's address is the first segment of a path.
pages.append(path("<slug:slug>/hilfe/", include("referrals.urls.client")))
pages.append(path("<slug:slug>/gespraech/hilfe/", include("referrals.urls.handoff_client")))
pages.append(path("<slug:slug>/", include("chat.urls.client")))
pages.append(path("<slug:slug>/", include("counselling.urls.client")))

urlpatterns = [
    path("metrics/", supervision_views.metrics, name="metrics"),
    path("api/fhir/", include("referrals.urls.fhir")),
    path("api/hsds/", include("referrals.urls.api")),  # for programs: one address in every language
    URLResolver(EnglishPrefixPattern(), pages),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.expired_form"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
