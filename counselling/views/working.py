"""The rules of work: how long a case may be held, who gets what, whose replies a second person reads."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from counselling import planning, roster
from counselling.forms.working import ProfileForm, RulesForm
from counselling.operations import working
from counselling.views.roster import tabs


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.plan")
def rules(request: HttpRequest) -> HttpResponse:
    """Show the rules and who takes on what, or change the rules."""
    request = cast(StaffRequest, request)
    organisation, at = request.member.organisation, timezone.now()
    row = roster.house_rules(organisation.pk)
    form = RulesForm(
        request.POST if request.method == "POST" else None,
        organisation=organisation,
        rules=row,
        pushed=planning.pushed_teams(organisation),
    )
    if request.method == "POST" and form.is_valid():
        form.apply_to(row)
        pushed = {team.pk for team in form.cleaned_data["pushed"]}
        working.set_rules(rules=row, pushed=pushed, by=request.member, at=at)
        messages.success(request, _("Die Regeln sind gespeichert."))
        return HttpResponseRedirect(reverse("working-rules"))
    people = planning.profiles(organisation)
    loads = roster.loads([person for person, _profile in people], at=at)
    return render(
        request,
        "counselling/roster/rules.html",
        {
            "tabs": tabs(request),
            "form": form,
            "people": [
                {
                    "name": person.name,
                    "role": person.get_role_display(),
                    "ceiling": profile.ceiling,
                    "needs_approval": profile.needs_approval,
                    "held": loads[person.pk].held,
                    "url": reverse("work-profile", args=[person.pk]),
                }
                for person, profile in people
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.plan")
def profile(request: HttpRequest, member: UUID) -> HttpResponse:
    """Show what one person takes on, or change it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    found = planning.profile_of(request.member.organisation, member)
    if found is None:
        raise Http404
    person, row = found
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        member=person,
        profile=row,
        topics=planning.topics_of(row),
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        working.set_profile(
            member=person,
            ceiling=given["ceiling"],
            needs_approval=given["needs_approval"],
            topics=given["topics"],
            by=request.member,
            at=at,
        )
        messages.success(request, _("Gespeichert: %(name)s.") % {"name": person.name})
        return HttpResponseRedirect(reverse("working-rules"))
    return render(request, "counselling/roster/profile.html", {"form": form, "person": person})
