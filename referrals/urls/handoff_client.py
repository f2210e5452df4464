"""What a client decides and follows, below an organisation's address. No address names a case."""

from django.urls import URLPattern, path

from referrals.views import client_handoff

urlpatterns: list[URLPattern] = [
    path("<uuid:referral>/", client_handoff.referral, name="help-referral"),
    path("<uuid:referral>/einwilligen/", client_handoff.consent, name="help-consent"),
    path("<uuid:referral>/termin.ics", client_handoff.appointment, name="help-calendar"),
    path("<uuid:referral>/karte/", client_handoff.card, name="help-card"),
]
