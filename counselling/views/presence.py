"""Absences, and the link under which a calendar program reads somebody's shifts."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, public, speak_language_of, staff
from accounts.operations.staff import hash_token
from accounts.rules import allows
from counselling import planning
from counselling.forms.roster import AbsenceForm, answering
from counselling.models import Absence
from counselling.operations import absences as operations
from counselling.operations import feeds
from counselling.views.roster import tabs
from counselling.views.rows import due_words

MADE_KEY = "roster-feed"  # in the sealed session: the link that was just made, shown once


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.see")
def absences(request: HttpRequest) -> HttpResponse:
    """Show own absences, and everybody's to who plans; or enter one."""
    request = cast(StaffRequest, request)
    member, at = request.member, timezone.now()
    plans = allows(member, "shift.plan")
    people = list(answering(member.organisation)) if plans else [member]
    form = AbsenceForm(request.POST or None, people=people, initial={"member": str(member.pk)})
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.span()
        try:
            operations.enter(
                member=form.cleaned_data["member"],
                starts_at=starts_at,
                ends_at=ends_at,
                by=member,
                at=at,
            )
        except operations.AbsenceImpossible:
            form.add_error("last_day", _("Das endet, bevor es beginnt, oder ist schon vorbei."))
        else:
            messages.success(request, _("Die Abwesenheit ist eingetragen."))
            return HttpResponseRedirect(reverse("absences"))
    listed = planning.absences(member.organisation, at=at, member=None if plans else member)
    return render(
        request,
        "counselling/roster/absences.html",
        {
            "tabs": tabs(request),
            "form": form,
            "absences": [
                {
                    "drop_url": reverse("absence-drop", args=[one.pk]),
                    "name": one.member.name,
                    "from": due_words(one.starts_at, at=at),
                    "until": due_words(one.ends_at, at=at),
                }
                for one in listed
            ],
        },
    )


@require_POST
@staff("shift.see")
def absence_drop(request: HttpRequest, absence: UUID) -> HttpResponse:
    """Take an absence back: one's own, or anybody's for who plans."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = planning.absence_of(request.member.organisation, absence)
    if row is None:
        raise Http404
    try:
        if not _may_drop(request, row):
            raise operations.AbsenceGone
        operations.take_back(absence=row.pk, by=request.member, at=at)
    except operations.AbsenceGone:
        messages.warning(request, _("Diese Abwesenheit lässt sich nicht mehr ändern."))
    else:
        messages.success(request, _("Die Abwesenheit ist zurückgenommen."))
    return HttpResponseRedirect(reverse("absences"))


def _may_drop(request: StaffRequest, row: Absence) -> bool:
    return row.member_id == request.member.pk or allows(request.member, "shift.plan")


@require_http_methods(["GET", "HEAD", "POST"])
@staff("shift.see")
def calendar_link(request: HttpRequest) -> HttpResponse:
    """Show whether there is a secret link, make it anew, or end it; a new one is shown once."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.method == "POST":
        if "end" in request.POST:
            feeds.end(member=request.member, at=at)
            messages.success(request, _("Der Link gilt nicht mehr."))
        else:
            request.session[MADE_KEY] = feeds.renew(member=request.member, at=at)
        return HttpResponseRedirect(reverse("calendar-link"))
    token = request.session.pop(MADE_KEY, None)
    there = planning.feed_of(request.member)
    link = request.build_absolute_uri(reverse("roster-feed", args=[token])) if token else ""
    return render(
        request,
        "counselling/roster/calendar.html",
        {
            "tabs": tabs(request),
            "link": link,
            "made": due_words(there.made_at, at=at) if there else "",
        },
    )


@require_safe
@public("the link's secret is the key")
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Hand out the shifts of whose link this is, for their calendar program."""
    member = planning.member_of_feed(hash_token(token))
    if member is None:
        raise Http404
    speak_language_of(member.organisation)
    file = planning.calendar(
        member,
        name=_("Dienste bei %(organisation)s") % {"organisation": member.organisation.name},
        lead=_("Leitung"),
        at=timezone.now(),
    )
    return HttpResponse(
        file,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="dienste.ics"'},
    )
