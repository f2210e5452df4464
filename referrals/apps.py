from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReferralsConfig(AppConfig):
    name = "referrals"

    def ready(self) -> None:
        """Fill in the permission table, and connect what follows the directory's rows."""
        from referrals import receivers, rules  # noqa: F401, PLC0415 - apps must be loaded first
        from referrals.operations import documents  # noqa: PLC0415 - as above
        from referrals.signals import services_changed  # noqa: PLC0415 - as above

        post_migrate.connect(_seed, sender=self, dispatch_uid="referrals.seed")
        services_changed.connect(documents.follow, dispatch_uid="referrals.documents")


def _seed(**kwargs: Any) -> None:
    """Bring the taxonomy up to date after each migration, and after a test emptied the database."""
    from referrals.operations import taxonomy  # noqa: PLC0415 - apps must be loaded first

    if kwargs.get("plan") is None or _tables_are_there(kwargs["using"]):
        taxonomy.seed()


def _tables_are_there(using: str) -> bool:
    from django.db import connections  # noqa: PLC0415 - apps must be loaded first

    return "referrals_taxonomyterm" in connections[using].introspection.table_names()
