"""Check phone numbers and mail addresses of the directory, and with --links whether pages answer."""

import argparse
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from referrals.link_check import problem_with
from referrals.models import Service
from referrals.operations import findings


class Command(BaseCommand):
    """Note what is wrong at each entry, where its editors see it."""

    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Define whether the network is asked, and how long."""
        parser.add_argument("--links", action="store_true", help="ask every page once")
        parser.add_argument("--timeout", type=float, default=10.0, help="seconds for one page")
        parser.add_argument(
            "--own-network", action="store_true", help="also ask inside this network"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check every entry that is shown."""
        at = timezone.now()
        ask = partial(
            problem_with, timeout=options["timeout"], may_ask_own_network=options["own_network"]
        )
        shown = Service.objects.visible(timezone.localdate(at)).prefetch_related("phones")
        count = findings.check(
            services=shown.iterator(chunk_size=500),
            at=at,
            link_problem=ask if options["links"] else None,
        )
        self.stdout.write(f"{shown.count()} Einträge geprüft, {count} Auffälligkeiten.")
