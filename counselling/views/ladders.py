"""Settings of alarms: the ladders, the quiet hours, the gateway."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from counselling import open_alarms, reaching
from counselling.forms.alarms import GatewayForm, QuietForm, sent_steps, shown_steps
from counselling.ladders import Rung
from counselling.models import Case, Whom
from counselling.operations import ladder_settings
from counselling.sla import Urgency
from outbox import queries as outbox
from outbox import webhook
from outbox.operations import gateways


@require_http_methods(["GET", "HEAD", "POST"])
@staff("ladder.change")
def ladders(request: HttpRequest) -> HttpResponse:
    """Show all ladders and the quiet hours, or set these."""
    member = cast(StaffRequest, request).member
    organisation, at = member.organisation, timezone.now()
    quiet = reaching.quiet_of(organisation)
    form = QuietForm(request.POST if request.method == "POST" else None, quiet=quiet)
    if form.is_valid():
        ladder_settings.set_quiet(organisation=organisation, quiet=form.quiet(), by=member, at=at)
        messages.success(request, _("Die Ruhezeit ist gespeichert."))
        return HttpResponseRedirect(reverse("ladders"))
    return render(
        request,
        "counselling/settings/ladders.html",
        {
            "form": form,
            "ladders": [
                {
                    "urgency": urgency.value,
                    "label": Case.UrgencyLevel(urgency).label,
                    "steps": [rung_words(r) for r in reaching.ladder_of(organisation, urgency)],
                    "is_own": open_alarms.own_ladder(organisation, urgency),
                }
                for urgency in Urgency
            ],
            "nobody_on_call": reaching.nobody_on_call(organisation, at=at),
            "has_mail_server": reaching.has_mail_server(),
            "has_gateway": outbox.gateway_of(organisation.pk) is not None,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("ladder.change")
def ladder(request: HttpRequest, urgency: int) -> HttpResponse:
    """Show one ladder, change it, or go back to the default."""
    member = cast(StaffRequest, request).member
    organisation, at = member.organisation, timezone.now()
    try:
        level = Urgency(urgency)
    except ValueError:
        raise Http404 from None
    if request.method == "POST" and "reset" in request.POST:
        ladder_settings.reset_ladder(organisation=organisation, urgency=level, by=member, at=at)
        messages.success(request, _("Es gilt wieder die Voreinstellung."))
        return HttpResponseRedirect(reverse("ladders"))
    formset = shown_steps(reaching.ladder_of(organisation, level))
    if request.method == "POST":
        formset = sent_steps(request.POST)
        if formset.is_valid():
            try:
                ladder_settings.set_ladder(
                    organisation=organisation,
                    urgency=level,
                    rungs=formset.rungs(),
                    by=member,
                    at=at,
                )
            except ladder_settings.LadderUnreachable as refused:
                formset.refuse(refused.problems)
            else:
                messages.success(request, _("Die Alarmkette ist gespeichert."))
                return HttpResponseRedirect(reverse("ladders"))
    return render(
        request,
        "counselling/settings/ladder.html",
        {
            "formset": formset,
            "label": Case.UrgencyLevel(level).label,
            "is_own": open_alarms.own_ladder(organisation, level),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff("ladder.change")
def gateway(request: HttpRequest) -> HttpResponse:
    """Show the gateway with its secret, connect another one, renew the secret, or disconnect."""
    member = cast(StaffRequest, request).member
    organisation, at = member.organisation, timezone.now()
    row = outbox.gateway_of(organisation.pk)
    if request.method == "POST" and "disconnect" in request.POST:
        gateways.disconnect(organisation=organisation.pk, by=member.actor, at=at)
        messages.success(request, _("Der Dienst ist getrennt."))
        return HttpResponseRedirect(reverse("gateway"))
    if request.method == "POST" and "renew" in request.POST:
        gateways.renew_secret(organisation=organisation.pk, by=member.actor, at=at)
        messages.success(request, _("Das Geheimnis ist neu. Das alte gilt nicht mehr."))
        return HttpResponseRedirect(reverse("gateway"))
    initial = {"address": row.address if row else ""}
    form = GatewayForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        gateways.connect(
            organisation=organisation.pk,
            address=form.cleaned_data["address"],
            by=member.actor,
            at=at,
        )
        messages.success(request, _("Der Dienst ist verbunden."))
        return HttpResponseRedirect(reverse("gateway"))
    return render(
        request,
        "counselling/settings/gateway.html",
        {"form": form, "gateway": row, "secret": webhook.secret_of(row) if row else ""},
    )


def rung_words(rung: Rung) -> str:
    """Return a step as a sentence."""
    ways = [_("Seite")]
    ways += [_("E-Mail")] if rung.mail else []
    ways += [_("Meldung aufs Gerät")] if rung.push else []
    ways += [_("SMS oder Rufgerät")] if rung.webhook else []
    return _("%(whom)s: %(ways)s. Dann %(wait)s warten.") % {
        "whom": Whom(rung.whom).label,
        "ways": ", ".join(ways),
        "wait": ngettext("%(count)d Minute", "%(count)d Minuten", rung.wait) % {"count": rung.wait},
    }
