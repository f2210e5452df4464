"""What services without an account open, under /weitergabe/."""

from django.urls import URLPattern, path

from referrals.views import partner_link

urlpatterns: list[URLPattern] = [
    path("angekommen/", partner_link.arrival, name="arrival-code"),
    path("offen/", partner_link.opened, name="handoff-open"),
    path("<str:token>/", partner_link.link, name="handoff-link"),
]
