"""Who belongs to the organisation: members, invitations, and how a membership ends."""

from datetime import datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.access import StaffRequest, staff
from accounts.forms.staff import InviteForm
from accounts.models import Membership, Role
from accounts.operations import staff as operations
from accounts.rules import allows
from accounts.views.recovery import MADE_KEY

INVITED_KEY = "invited"  # in the session: the link that was just made, until it has been noted


@require_safe
@staff("staff.see")
def staff_list(request: HttpRequest) -> HttpResponse:
    """Show current members and open invitations."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    for shown_once in (INVITED_KEY, MADE_KEY):
        request.session.pop(shown_once, None)
    member = request.member
    people = list(queries.staff_of(member.organisation))
    may_end = allows(member, "staff.end")
    may_recover = allows(member, "staff.recover")
    recoveries = list(queries.open_recoveries(member.organisation, at))
    under_way = {recovery.member_id for recovery in recoveries}
    waiting = queries.waiting_for_key(member.organisation)
    return render(
        request,
        "accounts/staff_list.html",
        {
            "people": [
                {
                    "member": person,
                    "is_self": person.pk == member.pk,
                    "may_end": may_end and person.pk != member.pk,
                    "may_recover": may_recover and person.pk != member.pk,
                    "recovery": person.pk in under_way,
                    "waits_for": waiting.get(person.pk, []),
                }
                for person in people
            ],
            "invitations": [
                {"invitation": row, "may_revoke": allows(member, "staff.invite", row)}
                for row in queries.open_invitations(member.organisation, at)
            ],
            "recoveries": [row for row in recoveries if row.confirmed_at is None],
            "may_invite": allows(member, "staff.invite"),
            "somebody_waits": bool(waiting),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("staff.invite")
def invite(request: HttpRequest) -> HttpResponse:
    """Show the form for an invitation, or make one and lead to its link."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    if request.method != "POST":
        return render(request, "accounts/invite.html", {"form": InviteForm(member=request.member)})
    form = InviteForm(request.POST, member=request.member)
    if not form.is_valid():
        return render(request, "accounts/invite.html", {"form": form})
    row, token = operations.invite(
        organisation=request.member.organisation,
        name=form.cleaned_data["name"],
        role=Role(form.cleaned_data["role"]),
        teams=list(form.cleaned_data["teams"]),
        by=request.member,
        holder=request.holder,
        at=at,
    )
    request.session[INVITED_KEY] = {"invitation": str(row.pk), "token": token}
    return HttpResponseRedirect(reverse("invited"))


@require_safe
@staff("staff.invite")
def invited(request: HttpRequest) -> HttpResponse:
    """Show the link of the invitation that was just made; going on forgets it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    made = request.session.get(INVITED_KEY)
    if made is None:
        return HttpResponseRedirect(reverse("staff-list"))
    row = queries.invitation_of(request.member.organisation, UUID(made["invitation"]))
    if row is None or not row.is_open(at):
        return HttpResponseRedirect(reverse("staff-list"))
    link = request.build_absolute_uri(reverse("invitation", args=[made["token"]]))
    return render(request, "accounts/invited.html", {"invitation": row, "link": link})


@require_POST
@staff("staff.invite")
def revoke(request: HttpRequest, invitation: UUID) -> HttpResponse:
    """Make an invitation's link useless."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = queries.invitation_of(request.member.organisation, invitation)
    if row is None or not allows(request.member, "staff.invite", row):
        raise Http404
    try:
        operations.revoke_invitation(invitation=row, by=request.member, at=at)
    except operations.InvitationClosed:
        messages.info(
            request, _("Diese Einladung ist schon angenommen oder wurde schon zurückgenommen.")
        )
    else:
        messages.success(
            request,
            _("Die Einladung für %(name)s ist zurückgenommen. Der Link gilt nicht mehr.")
            % {"name": row.name},
        )
    return HttpResponseRedirect(reverse("staff-list"))


@require_http_methods(["GET", "HEAD", "POST"])
@staff("staff.end")
def end(request: HttpRequest, member: UUID) -> HttpResponse:
    """Ask whether a membership should end, or end it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    person = queries.member_of(request.member.organisation, member)
    if person is None or not allows(request.member, "staff.end", person):
        raise Http404
    if person.pk == request.member.pk:
        messages.warning(
            request,
            _(
                "Den eigenen Zugang kann niemand beenden. Das macht jemand anderes aus der Verwaltung."
            ),
        )
        return HttpResponseRedirect(reverse("staff-list"))
    if request.method != "POST":
        alone = queries.only_key_holder_of(person)
        return render(request, "accounts/end.html", {"person": person, "alone": alone})
    _end(request, person, at=at)
    return HttpResponseRedirect(reverse("staff-list"))


def _end(request: StaffRequest, person: Membership, *, at: datetime) -> None:
    try:
        operations.end_membership(member=person, by=request.member, at=at)
    except operations.LastAdmin:
        messages.warning(
            request,
            _(
                "%(name)s ist die letzte Person in der Verwaltung. Laden Sie zuerst jemanden mit dieser "
                "Rolle ein."
            )
            % {"name": person.name},
        )
    except operations.NotCurrent:
        messages.info(request, _("Dieser Zugang war schon beendet."))
    else:
        messages.success(
            request,
            _("Der Zugang von %(name)s ist beendet. Offene Fälle sind wieder in der Warteschlange.")
            % {"name": person.name},
        )
