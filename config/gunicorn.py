"""How gunicorn answers the pages of a fleet (`--config python:config.gunicorn`).

Bodies are read from the connection as Django asks for them; nothing of them gets a name on a disk.
"""

import logging
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from config.logs import formatter
from config.processes import MEMORY


class ContentFreeLogger(Logger):  # type: ignore[misc]  # brings no types
    """Gunicorn's log without paths, addresses and texts of errors (config/logs.py)."""

    def setup(self, cfg: Any) -> None:
        """Set up the handlers, and let them speak as all of Lotse does."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(formatter(settings.LOG_FORMAT))
        self.access_log.setLevel(logging.CRITICAL)


wsgi_app = "config.wsgi:application"
worker_class = "gthread"
threads = settings.WEB_THREADS
# Not before forking: each process makes its own pool of connections and its own threads.
preload_app = False
timeout = 60  # seconds without a sign of life of a worker
graceful_timeout = 8  # seconds for requests that are being answered when the end comes
keepalive = 75  # seconds; longer than the proxy keeps an idle connection, so that it is never the first to use a closed one
max_requests, max_requests_jitter = 20_000, 4_000
limit_request_line = 8190
worker_tmp_dir = str(MEMORY) if MEMORY.is_dir() else None
accesslog = None
loglevel = "warning"
logger_class = ContentFreeLogger
control_socket_disable = True
# Who came is read from X-Forwarded-For by accounts/throttle.py, and from nothing else.
forwarded_allow_ips = ""
