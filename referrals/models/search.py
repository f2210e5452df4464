"""What the search keeps beside the directory: its documents, editors' phrases, and counts of searches."""

import uuid

from django.db import models

from accounts.models import Membership, Organisation
from referrals.models.service import Service
from referrals.models.taxonomy import TaxonomyTerm


class SearchDocument(models.Model):
    """A service as the search sees it: folded words for the full text, facts for ranking.

    `id`: what full-text engines name it by. `version`: the state's version when it was written; a
    process that remembers documents asks for those with a higher one. `removed`: shown no more; kept
    so that other processes forget it too. Words and facts hold nothing of a confidential address.
    """

    service = models.OneToOneField(
        Service, on_delete=models.SET_NULL, null=True, related_name="search_document"
    )
    version = models.BigIntegerField(db_index=True)
    removed = models.BooleanField(default=False)
    title = models.TextField()
    body = models.TextField()
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.title


class SearchState(models.Model):
    """One row: which version documents and phrases have. `epoch` changes with the database itself."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.UUIDField(default=uuid.uuid4)
    documents = models.BigIntegerField(default=0)
    phrases = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="search_state_is_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.documents}, {self.phrases}"


class Synonym(models.Model):
    """A phrase that an editor added: whoever types it means the term. `folded`: in one spelling."""

    term = models.ForeignKey(TaxonomyTerm, on_delete=models.CASCADE, related_name="synonyms")
    phrase = models.CharField(max_length=120)
    folded = models.CharField(max_length=160)
    language = models.CharField(max_length=12, default="de")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    added_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")
    added_on = models.DateField()

    class Meta:
        ordering = ["folded", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["folded", "term"], name="synonym_is_once_for_a_term")
        ]

    def __str__(self) -> str:
        return self.phrase


class SearchCount(models.Model):
    """How often something was searched on a day. No person, no session, no time of day.

    `query`: its telling words, folded, without place and hints; only what `search.privacy` lets
    through. `district`: official key (5 digits) of the place searched for, or nothing. `hits`: 0 when
    nothing was found, else 1. `clicks`: how often a result was opened.
    """

    day = models.DateField()
    query = models.CharField(max_length=80)
    district = models.CharField(max_length=5, blank=True)
    hits = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "query"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "query", "district", "hits"], name="search_is_counted_once_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(hits__in=[0, 1]), name="hits_are_none_or_some"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.query}: {self.count}"


class DismissedQuery(models.Model):
    """A counted search that an editor has dealt with: it is suggested no more."""

    query = models.CharField(max_length=80, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dismissed_on = models.DateField()

    def __str__(self) -> str:
        return self.query
