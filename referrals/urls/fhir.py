"""FHIR for the programs of partners' desks, under /api/fhir/."""

from django.urls import URLPattern, path

from referrals.views import program_api

urlpatterns: list[URLPattern] = [
    path("Task", program_api.tasks, name="fhir-tasks"),
    path("Bundle/<uuid:referral>", program_api.referral, name="fhir-referral"),
]
