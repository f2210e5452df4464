"""Words that people searched for and found nothing by: editors lead them to a kind of help."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, staff
from referrals.forms.phrases import PhraseForm
from referrals.operations import synonyms
from referrals.operations.synonyms import PhraseRefused
from referrals.queries import entry_page, search_counts
from referrals.queries.search_counts import Suggestion


@dataclass(frozen=True, slots=True)
class Shown:
    """A search with the form that deals with it."""

    suggestion: Suggestion
    form: PhraseForm


@require_http_methods(["GET", "HEAD", "POST"])
@staff("directory.edit")
def phrases(request: HttpRequest) -> HttpResponse:
    """Show searches that may need a phrase; take a phrase, or let a search rest."""
    member = cast(StaffRequest, request).member
    topics = entry_page.topic_names()
    at = timezone.now()
    form = PhraseForm(topics=topics)
    if request.method == "POST":
        if "rest" in request.POST:
            synonyms.dismiss(query=request.POST.get("phrase", ""), by=member, at=at)
            messages.success(request, _("Diese Suche wird nicht mehr vorgeschlagen."))
            return HttpResponseRedirect(reverse("directory-phrases"))
        form = PhraseForm(request.POST, topics=topics)
        if form.is_valid() and _added(request, form):
            return HttpResponseRedirect(reverse("directory-phrases"))
    listed = [
        Shown(one, _form_for(one, topics))
        for one in search_counts.suggestions(on=timezone.localdate(at))
    ]
    return render(request, "referrals/phrases.html", {"form": form, "listed": listed})


def _form_for(suggestion: Suggestion, topics: dict[str, str]) -> PhraseForm:
    guess = suggestion.guesses[0] if suggestion.guesses else ""
    return PhraseForm(topics=topics, initial={"phrase": suggestion.query, "topic": guess})


def _added(request: HttpRequest, form: PhraseForm) -> bool:
    member = cast(StaffRequest, request).member
    phrase = form.cleaned_data["phrase"]
    try:
        synonyms.lead(phrase=phrase, code=form.cleaned_data["topic"], by=member, at=timezone.now())
    except PhraseRefused as refused:
        form.add_error("phrase", str(refused))
        return False
    messages.success(request, _("Wer so sucht, findet ab jetzt diese Hilfe."))
    return True
