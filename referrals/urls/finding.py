"""The directory for staff who look for help for somebody, under /team/hilfe/."""

from django.urls import URLPattern, path

from referrals.views import entry_page, searching

urlpatterns: list[URLPattern] = [
    path("", searching.staff_search, name="staff-directory"),
    path("<uuid:service>/", entry_page.staff_entry, name="staff-entry"),
]
