"""The processes of a fleet on one machine: pages, sockets and workers, any number of each."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import processes, warming
from config.processes import Part
from config.profiles import FLEET


class Command(BaseCommand):
    """Start gunicorn (pages), Daphnes (sockets) and workers, restart what ends, stop all together.

    Pages listen on LOTSE_PORT, sockets on LOTSE_SOCKETS_PORT, whatever their number: the processes of a
    kind share one listening socket, which stays open while one of them is replaced.
    """

    requires_system_checks = ()  # they import every page, and `check` is for them
    help = "Run web, socket and worker processes until interrupted. A proxy stands in front."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how many of each, and where."""
        for name, usual in settings.FLEET.items():
            parser.add_argument(f"--{name}", type=int, default=usual, help=f"default: {usual}")
        parser.add_argument("--host", default=settings.HOST, help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="for pages")
        parser.add_argument(
            "--sockets-port", type=int, default=settings.SOCKETS_PORT, help="for sockets"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; exit with 1 when a child keeps ending.

        Raises CommandError outside the profile `fleet`, and when a port is taken.
        """
        if settings.PROFILE != FLEET:
            raise CommandError(
                "LOTSE_PROFILE is not fleet. Several processes need PostgreSQL, Redis and a proxy; set "
                "it to fleet, and the start says what is missing. For one machine: manage.py serve."
            )
        parts: list[Part] = []
        try:
            if options["web"]:
                parts.append(_web(options["host"], options["port"], options["web"]))
            if options["sockets"]:
                parts += _sockets(options["host"], options["sockets_port"], options["sockets"])
        except processes.NoAddress as refused:
            raise CommandError(str(refused)) from None
        parts += [processes.worker(f"worker {n}") for n in range(1, options["workers"] + 1)]
        if not parts:
            raise CommandError("Nothing to start: say how many with --web, --sockets, --workers.")
        if options["web"]:
            warming.beforehand()
            warming.triage()
        if not processes.run(parts, say=self.stderr.write):
            self.stderr.write("A part of Lotse keeps ending. The lines above say why.")
            sys.exit(1)


def _web(host: str, port: int, count: int) -> Part:
    """Return gunicorn, which looks after its own processes."""
    listening = processes.listen(host, port)
    command = [
        *("gunicorn", "--config", "python:config.gunicorn"),
        *("--bind", f"fd://{listening.fileno()}", "--workers", str(count)),
    ]
    return Part("web", command, listening)


def _sockets(host: str, port: int, count: int) -> list[Part]:
    """Return Daphnes that share a listening socket."""
    listening = processes.listen(host, port)
    command = processes.daphne("config.socket_asgi:application", "--fd", str(listening.fileno()))
    return [Part(f"sockets {n}", command, listening) for n in range(1, count + 1)]
