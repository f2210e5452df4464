"""The one writer of editors' phrases: whoever types one is led to its term."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership
from audit import trail
from referrals import identifiers
from referrals.models import DismissedQuery, Synonym, TaxonomyTerm
from referrals.operations.documents import next_version
from referrals.search.words import telling, words

LONGEST = 120  # characters


class PhraseRefused(ValueError):
    """A phrase cannot be added; the text says why."""


@transaction.atomic
def add(
    *, phrase: str, term: TaxonomyTerm, by: Membership, at: datetime, language: str = "de"
) -> Synonym:
    """Let a phrase lead to a term, from now on for everybody. The same again changes nothing.

    Raises PhraseRefused for an empty or overlong phrase, or one of words that say nothing.
    """
    phrase = " ".join(phrase.split())
    folded = words(phrase)
    if not folded or telling(folded) == folded == []:
        raise PhraseRefused(_("Bitte geben Sie mindestens ein Wort ein."))
    if len(phrase) > LONGEST:
        raise PhraseRefused(
            _("Höchstens %(longest)s Zeichen: Eltern tippen kurz.") % {"longest": LONGEST}
        )
    synonym, is_new = Synonym.objects.get_or_create(
        folded=" ".join(folded)[:160],
        term=term,
        defaults={
            "phrase": phrase,
            "language": language,
            "organisation": by.organisation,
            "added_by": by,
            "added_on": at.date(),
        },
    )
    if is_new:
        next_version("phrases")
        _dismiss(" ".join(telling(folded)), by, at)
        trail.record(
            "synonym.added", by=by.actor, at=at, organisation=by.organisation_id, term=term.code
        )
    return synonym


@transaction.atomic
def remove(*, synonym: Synonym, by: Membership, at: datetime) -> None:
    """Take a phrase back."""
    code, pk = synonym.term.code, synonym.pk
    synonym.delete()
    next_version("phrases")
    trail.record(
        "synonym.removed", by=by.actor, at=at, organisation=by.organisation_id, term=code, row=pk
    )


@transaction.atomic
def lead(*, phrase: str, code: str, by: Membership, at: datetime) -> Synonym:
    """Let a phrase, perhaps a counted search, lead to a term of Lotse's own list.

    Raises PhraseRefused or TaxonomyTerm.DoesNotExist.
    """
    term = TaxonomyTerm.objects.get(taxonomy=identifiers.OWN_TAXONOMY, code=code)
    synonym = add(phrase=phrase, term=term, by=by, at=at)
    _dismiss(phrase, by, at)
    return synonym


@transaction.atomic
def dismiss(*, query: str, by: Membership, at: datetime) -> None:
    """Suggest a counted search no more."""
    _dismiss(query, by, at)
    trail.record("synonym.dismissed", by=by.actor, at=at, organisation=by.organisation_id)


def _dismiss(query: str, by: Membership, at: datetime) -> None:
    DismissedQuery.objects.get_or_create(
        query=query[:80], defaults={"organisation": by.organisation, "dismissed_on": at.date()}
    )
