"""The one writer of topics and text modules."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Membership, Organisation
from audit import trail
from counselling.models import TextModule, Topic


class NameTaken(Exception):
    """Another topic of the organisation has this name."""


@transaction.atomic
def save_topic(*, topic: Topic, by: Membership, at: datetime) -> None:
    """Save a new or changed topic.

    Raises NameTaken, or ValidationError when its fields are not in order.
    """
    topic.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            topic.save()
    except IntegrityError:
        raise NameTaken from None
    trail.record(
        "topic.saved", by=by.actor, at=at, organisation=topic.organisation_id, topic=str(topic.pk)
    )


@transaction.atomic
def drop_topic(*, topic: Topic, by: Membership, at: datetime) -> None:
    """Delete a topic; cases that had it keep everything else."""
    topic_id = str(topic.pk)
    topic.delete()
    trail.record(
        "topic.dropped", by=by.actor, at=at, organisation=topic.organisation_id, topic=topic_id
    )


@transaction.atomic
def save_text_module(*, module: TextModule, by: Membership, at: datetime) -> None:
    """Save a new or changed text module. Raises ValidationError when its fields are not in order."""
    module.full_clean()
    module.save()
    trail.record(
        "text_module.saved",
        by=by.actor,
        at=at,
        organisation=module.organisation_id,
        module=str(module.pk),
    )


@transaction.atomic
def drop_text_module(*, module: TextModule, by: Membership, at: datetime) -> None:
    """Delete a text module."""
    module_id = str(module.pk)
    module.delete()
    trail.record(
        "text_module.dropped",
        by=by.actor,
        at=at,
        organisation=module.organisation_id,
        module=module_id,
    )


@transaction.atomic
def furnish(
    *,
    organisation: Organisation,
    topics: Sequence[Topic],
    modules: Sequence[TextModule],
    at: datetime,
) -> None:
    """Give a new organisation its first topics and text modules, in the order given."""
    for position, topic in enumerate(topics):
        topic.position = position
    for position, module in enumerate(modules):
        module.position = position
    Topic.objects.bulk_create(topics)
    TextModule.objects.bulk_create(modules)
    trail.record(
        "organisation.furnished",
        by=trail.SYSTEM,
        at=at,
        organisation=organisation.pk,
        topics=len(topics),
        modules=len(modules),
    )
