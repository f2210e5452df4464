"""A load of HTTP requests from threads of this process, against a server in another one."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Visitor:
    """A browser of sorts: one connection, its cookies, and the hidden fields of the last form."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # sent with every request

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str) -> tuple[int, str]:
        """Fetch a page and remember its hidden fields. Returns status and body."""
        status, body = self._request("GET", path, None)
        self.hidden = {name: unescape(value) for name, value in HIDDEN.findall(body)}
        return status, body

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Send a form. Returns status and body."""
        return self._request("POST", path, urlencode(fields))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = self.headers | {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return response.status, response.read().decode("utf-8", "replace")


def rate(work: Sequence[Sequence[Callable[[], int]]]) -> float:
    """Run each list of jobs in a thread of its own; return how many jobs a second were done.

    Each job returns a status. Raises RuntimeError when one is neither a redirect nor a page.
    """
    wrong: list[int] = []

    def run(jobs: Sequence[Callable[[], int]]) -> None:
        wrong.extend(status for job in jobs if (status := job()) not in {200, 302, 303})

    threads = [threading.Thread(target=run, args=[jobs]) for jobs in work]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if wrong:
        raise RuntimeError(f"{len(wrong)} requests were answered with {sorted(set(wrong))}")
    return sum(len(jobs) for jobs in work) / seconds
