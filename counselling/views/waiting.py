"""What a client sees when something is not taken now: when it goes on, and help that does not wait."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import gate
from accounts.access import View
from accounts.throttle import Rate
from counselling.access import ClientRequest

TOO_MANY_REQUESTS = 429


def refused(
    closed: gate.GateClosed, form: forms.Form, field: str, show: Callable[[str], HttpResponse]
) -> HttpResponse:
    """Show a form again that the gate has not let through, with everything that was typed.

    field: where its sentence stands. show: makes the page; gets why to wait, or nothing.
    """
    if not isinstance(closed, gate.TooOften):
        form.add_error(
            field,
            _(
                "Das ging sehr schnell. Bitte senden Sie es gleich noch einmal. Es ist noch alles da."
            ),
        )
        return show("")
    words = ngettext(
        "Was Sie geschrieben haben, steht noch hier. Bitte senden Sie es in %(minutes)s Minute noch "
        "einmal.",
        "Was Sie geschrieben haben, steht noch hier. Bitte senden Sie es in %(minutes)s Minuten noch "
        "einmal.",
        closed.minutes,
    ) % {"minutes": closed.minutes}
    form.add_error(field, words)
    return _too_often(closed, show(words))


def limited(rate: Rate, *, methods: tuple[str, ...]) -> Callable[[View], View]:
    """Let a client call a view with these methods only as often as `rate` says, else ask to wait."""

    def guard(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods:
                try:
                    gate.count(request, rate)
                except gate.TooOften as closed:
                    return _please_wait(cast(ClientRequest, request), closed)
            return view(request, *args, **kwargs)

        return page

    return guard


def _please_wait(request: ClientRequest, closed: gate.TooOften) -> HttpResponse:
    words = ngettext(
        "Bitte versuchen Sie es in %(minutes)s Minute noch einmal. Ihr Gespräch bleibt, wie es ist.",
        "Bitte versuchen Sie es in %(minutes)s Minuten noch einmal. Ihr Gespräch bleibt, wie es ist.",
        closed.minutes,
    ) % {"minutes": closed.minutes}
    page = render(request, "counselling/client/wait.html", {"wait": words})
    return _too_often(closed, page)


def _too_often(closed: gate.TooOften, page: HttpResponse) -> HttpResponse:
    page.status_code = TOO_MANY_REQUESTS
    page.headers["Retry-After"] = str(closed.seconds)
    return page
