"""Topics and text modules: lists, forms, and the question before something is dropped."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, staff
from accounts.rules import allows
from counselling import markup, promises, queries, wording
from counselling.forms.settings import (
    TextModuleForm,
    TopicForm,
    name_taken,
    next_place,
    values_of,
)
from counselling.models import TextModule, Topic
from counselling.operations import settings as operations
from counselling.sla import Urgency


@require_safe
@staff("topic.change")
def topics(request: HttpRequest) -> HttpResponse:
    """Show the organisation's topics."""
    request = cast(StaffRequest, request)
    rows = list(queries.topics(request.member.organisation))
    return render(request, "counselling/settings/topics.html", {"topics": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@staff("topic.change")
def topic_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new topic, or add one."""
    request = cast(StaffRequest, request)
    return _topic(request, Topic(organisation=request.member.organisation), is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("topic.change")
def topic(request: HttpRequest, topic: UUID) -> HttpResponse:
    """Show the form for a topic, or change it."""
    request = cast(StaffRequest, request)
    return _topic(request, _topic_of(request, topic), is_new=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("topic.change")
def topic_drop(request: HttpRequest, topic: UUID) -> HttpResponse:
    """Ask whether a topic should go, or drop it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = _topic_of(request, topic)
    if request.method != "POST":
        return render(request, "counselling/settings/topic_drop.html", {"topic": row})
    operations.drop_topic(topic=row, by=request.member, at=at)
    messages.success(request, _("Das Thema „%(name)s“ ist gelöscht.") % {"name": row.name})
    return HttpResponseRedirect(reverse("topics"))


@require_safe
@staff("text_module.change")
def text_modules(request: HttpRequest) -> HttpResponse:
    """Show the organisation's text modules."""
    request = cast(StaffRequest, request)
    rows = list(queries.text_modules(request.member.organisation))
    return render(request, "counselling/settings/text_modules.html", {"modules": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@staff("text_module.change")
def text_module_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new text module, or add one."""
    request = cast(StaffRequest, request)
    return _module(request, TextModule(organisation=request.member.organisation), is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("text_module.change")
def text_module(request: HttpRequest, module: UUID) -> HttpResponse:
    """Show the form for a text module, or change it."""
    request = cast(StaffRequest, request)
    return _module(request, _module_of(request, module), is_new=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff("text_module.change")
def text_module_drop(request: HttpRequest, module: UUID) -> HttpResponse:
    """Ask whether a text module should go, or drop it."""
    request = cast(StaffRequest, request)
    at = timezone.now()
    row = _module_of(request, module)
    if request.method != "POST":
        return render(request, "counselling/settings/text_module_drop.html", {"module": row})
    operations.drop_text_module(module=row, by=request.member, at=at)
    messages.success(
        request, _("Der Textbaustein „%(title)s“ ist gelöscht.") % {"title": row.title}
    )
    return HttpResponseRedirect(reverse("text-modules"))


def _topic(request: StaffRequest, row: Topic, *, is_new: bool) -> HttpResponse:
    at = timezone.now()
    organisation = request.member.organisation
    context: dict[str, Any] = {"topic": None if is_new else row}
    if request.method != "POST":
        initial = (
            {"position": next_place(queries.topics(organisation))}
            if is_new
            else values_of(row, TopicForm)
        )
        context["form"] = TopicForm(initial=initial, organisation=organisation)
        return render(request, "counselling/settings/topic.html", context)
    form = TopicForm(request.POST, organisation=organisation, topic=row)
    context["form"] = form
    if not form.is_valid():
        return render(request, "counselling/settings/topic.html", context)
    for name, value in form.cleaned_data.items():
        setattr(row, name, value)
    try:
        operations.save_topic(topic=row, by=request.member, at=at)
    except operations.NameTaken:
        form.add_error("name", name_taken())
    except ValidationError as refused:
        form.add_error(None, refused)
    else:
        messages.success(request, _("Das Thema „%(name)s“ ist gespeichert.") % {"name": row.name})
        return HttpResponseRedirect(reverse("topics"))
    return render(request, "counselling/settings/topic.html", context)


def _module(request: StaffRequest, row: TextModule, *, is_new: bool) -> HttpResponse:
    at = timezone.now()
    context: dict[str, Any] = {"module": None if is_new else row}
    if request.method != "POST":
        initial = (
            {"position": next_place(queries.text_modules(request.member.organisation))}
            if is_new
            else values_of(row, TextModuleForm)
        )
        context["form"] = TextModuleForm(initial=initial)
        return render(request, "counselling/settings/text_module.html", context)
    form = TextModuleForm(request.POST)
    context["form"] = form
    valid = form.is_valid()
    if "preview" in request.POST:
        context["preview"] = _preview(request, form.cleaned_data.get("body", ""), at=at)
    elif valid:
        for name, value in form.cleaned_data.items():
            setattr(row, name, value)
        try:
            operations.save_text_module(module=row, by=request.member, at=at)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(
                request, _("Der Textbaustein „%(title)s“ ist gespeichert.") % {"title": row.title}
            )
            return HttpResponseRedirect(reverse("text-modules"))
    return render(request, "counselling/settings/text_module.html", context)


def _preview(request: StaffRequest, body: str, *, at: datetime) -> str:
    """Return a text module as HTML, its placeholders filled as if for a case asked now."""
    organisation = request.member.organisation
    due = promises.promised(organisation, Urgency.NORMAL, start=at)
    # As the client reads it, whatever language the page speaks.
    with translation.override(organisation.language):
        deadline = wording.by_when(due)
    values = {
        "beratung": request.member.name,
        "organisation": organisation.name,
        "frist": deadline,
    }
    return markup.render_reply(markup.fill_placeholders(body, values))


def _topic_of(request: StaffRequest, topic: UUID) -> Topic:
    row = queries.topics(request.member.organisation).filter(pk=topic).first()
    if row is None or not allows(request.member, "topic.change", row):
        raise Http404
    return row


def _module_of(request: StaffRequest, module: UUID) -> TextModule:
    row = queries.text_modules(request.member.organisation).filter(pk=module).first()
    if row is None or not allows(request.member, "text_module.change", row):
        raise Http404
    return row
