"""The first page after signing in, and the choice among organisations."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.access import StaffRequest, signed_in, speak_language_of, staff
from accounts.models import User
from accounts.operations import signing_in
from accounts.rules import allows
from accounts.views.signing_in import is_own_page, way_on

# What a member starts with: the first that the table allows them. Every role finds one.
DESKS = (
    ("queue.see", "queue"),
    ("partner.desk", "partner-desk"),
    ("staff.see", "staff-list"),
    ("organisation.change", "settings"),
    ("figures.see", "figures"),
)


@require_safe
@staff("desk.enter")
def desk(request: HttpRequest) -> HttpResponse:
    """Lead to the member's daily work."""
    member = cast(StaffRequest, request).member
    page = next(page for permission, page in DESKS if allows(member, permission))
    return HttpResponseRedirect(reverse(page))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def choose(request: HttpRequest) -> HttpResponse:
    """Show the person's organisations, and switch to one of them."""
    at = timezone.now()
    user = cast(User, request.user)
    memberships = list(queries.memberships_of(user))
    if request.method == "POST":
        chosen = [m for m in memberships if str(m.pk) == _uuid(request.POST.get("membership", ""))]
        if not chosen:
            raise Http404
        signing_in.enter(member=chosen[0], at=at)
        request.session[queries.MEMBERSHIP_KEY] = str(chosen[0].pk)
        return HttpResponseRedirect(way_on(request.POST.get("next", ""), belongs=True))
    current = request.session.get(queries.MEMBERSHIP_KEY)
    here = [membership for membership in memberships if str(membership.pk) == current]
    if here:
        cast(StaffRequest, request).member = here[0]  # with its menu around the page
        speak_language_of(here[0].organisation)
    next_page = request.GET.get("next", "")
    return render(
        request,
        "accounts/choose_organisation.html",
        {
            "memberships": memberships,
            "current": current,
            "next": next_page if is_own_page(next_page) else "",
            "user": user,
            "home_url": reverse("desk"),
            "logout_url": reverse("logout"),
        },
    )


def _uuid(typed: str) -> str:
    try:
        return str(UUID(typed))
    except ValueError:
        return ""
