"""The demo: prepare, say where everything is, and serve."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from config.demo import seed


class Command(BaseCommand):
    """Prepare the demo's database and files if needed, then run web server and worker."""

    help = "Prepare and run the demo. Data are kept in LOTSE_DATA_DIR; --reset starts over."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what the make targets use."""
        parser.add_argument("--reset", action="store_true", help="throw the demo's data away first")
        parser.add_argument("--prepare-only", action="store_true", help="prepare, but do not serve")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Raises CommandError where LOTSE_DEMO is off: this fills a database."""
        if not settings.DEMO:
            raise CommandError("LOTSE_DEMO is switched off; the demo would fill a real database.")
        with self._step("Database"):
            if options["reset"]:
                self._forget()
            call_command("migrate", verbosity=0)
        with self._step("Static files"):
            call_command("collectstatic", verbosity=0, interactive=False)
        if not seed.is_seeded():
            with self._step("Demo organisations, staff and questions"):
                seed.seed(now=timezone.now(), progress=self._say)
        if not options["prepare_only"]:
            self._show_the_way()
            # In a process of its own: this one has threads and connections by now.
            serve = ("serve", "--port", str(settings.PORT))
            os.execv(  # noqa: S606 - ourselves
                sys.executable, [sys.executable, str(settings.BASE_DIR / "manage.py"), *serve]
            )

    def _forget(self) -> None:
        if connection.vendor == "sqlite":
            connection.close()
            name = str(connection.settings_dict["NAME"])
            for suffix in ("", "-wal", "-shm"):
                Path(name + suffix).unlink(missing_ok=True)
            return
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")

    def _show_the_way(self) -> None:
        base = f"http://localhost:{settings.PORT}"
        self._say("")
        self._say(f"  Lotse runs at           {base}/")
        self._say(f"  One click per role      {base}/demo/")
        members = Membership.objects.select_related("organisation", "user").order_by(
            "organisation__created_at", "organisation__name", "name"
        )
        slug = ""
        for member in members:
            if member.organisation.slug != slug:
                slug = member.organisation.slug
                self._say("")
                self._say(f"  {member.organisation.name}: {base}/{slug}/")
                self._say(f"  {'':24}code of an answered question: {seed.code_to_try(slug)}")
            self._say(f"    {member.role:<12} {member.name:<22} {member.user.email}")
        self._say("")
        self._say(f"  Sign-in: {base}/team/anmelden/  password of everybody: {seed.PASSWORD}")
        self._say(f"  The six-digit codes are on {base}/demo/")
        self._say("  Stop with Ctrl-C. Start over with `make demo-reset`.")
        self._say("")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        self._say(f"{name} …")
        yield
        self._say(f"{name}: ready after {time.monotonic() - began:.1f} s")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
