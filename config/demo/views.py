"""The demo's own pages: everybody in one click, and every component in every state."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_otp import login as otp_login
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import holders, queries
from accounts.access import public
from accounts.models import Membership, Organisation
from config.demo import seed
from config.demo.components import component_context
from vault.staff_keys import DoesNotUnlock, NoStaffKey


@require_GET
@public("the demo's people are fictitious")
def overview(request: HttpRequest) -> HttpResponse:
    """Show both organisations: a parent's way in, and one button for each member of staff."""
    return render(
        request,
        "demo/overview.html",
        {"organisations": list(_organisations()), "password": seed.PASSWORD},
    )


def _organisations() -> Iterator[dict[str, object]]:
    for organisation in Organisation.objects.order_by("created_at", "name"):
        people = [
            {
                "member": member,
                "token": f"{totp(bytes.fromhex(seed.totp_key(member.user.email))):06d}",
            }
            for member in queries.staff_of(organisation)
        ]
        yield {
            "organisation": organisation,
            "people": people,
            "code": seed.code_to_try(organisation.slug),
        }


@require_POST
@public("the demo's people are fictitious")
def enter_as(request: HttpRequest, member: UUID) -> HttpResponse:
    """Sign in as one of the demo's people without password and code.

    Whoever has got a device key while looking around comes in by the sign-in page, like everybody.
    """
    membership = get_object_or_404(Membership, pk=member, ended_at__isnull=True)
    device = get_object_or_404(TOTPDevice, user=membership.user, confirmed=True)
    try:
        holder = seed.holder_of(membership)
    except (NoStaffKey, DoesNotUnlock):
        return HttpResponseRedirect(reverse("login"))
    login(request, membership.user, backend="django.contrib.auth.backends.ModelBackend")
    otp_login(request, device)
    holders.keep(request, holder.unlocked)
    request.session[queries.MEMBERSHIP_KEY] = str(membership.pk)
    return HttpResponseRedirect(reverse("desk"))


@require_GET
@public("shows nothing but components")
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, in the colours of the demo's first organisation."""
    context = component_context() | {"org": Organisation.objects.order_by("created_at").first()}
    return render(request, "demo/components.html", context)
