"""Web server and worker in one command."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import processes, warming
from config.processes import Part


class Command(BaseCommand):
    """Start Daphne (pages and sockets) and the Huey worker, restart what ends, stop both together."""

    help = "Run the web server and the worker until interrupted."
    requires_system_checks = ()  # they import every page, and `check` is for them

    def add_arguments(self, parser: CommandParser) -> None:
        """Add host and port."""
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; exit with 1 when a child keeps ending.

        Raises CommandError where it cannot listen: Daphne would try six times and say less.
        """
        try:
            processes.listen(options["host"], options["port"]).close()
        except processes.NoAddress as refused:
            raise CommandError(str(refused)) from None
        where = ("--bind", options["host"], "--port", str(options["port"]))
        web = Part("web", processes.daphne("config.asgi:application", *where))
        warming.beforehand()
        if not processes.run([web, processes.worker()], say=self.stderr.write):
            self.stderr.write("A part of Lotse keeps ending. The lines above say why.")
            sys.exit(1)
