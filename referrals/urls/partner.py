"""A service's own pages, under /team/stelle/."""

from django.urls import URLPattern, path

from referrals.views import desk_programs, partner_desk

urlpatterns: list[URLPattern] = [
    path("", partner_desk.desk, name="partner-desk"),
    path("personen/", partner_desk.colleagues, name="partner-people"),
    path("programme/", desk_programs.programs, name="partner-programs"),
    path("eintrag/<uuid:service>/", partner_desk.entry, name="partner-entry"),
    path("<uuid:referral>/", partner_desk.referral, name="partner-referral"),
    path("<uuid:referral>/fhir/", partner_desk.bundle, name="partner-fhir"),
]
