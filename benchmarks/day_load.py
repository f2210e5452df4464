"""The load of a national day with locust, a process of its own: reads one order a line, prints one answer.

The first line says who takes part and where. An order is {"visits": a second, "seconds": how long}; the
answer has, by page: how many, p50 and p95 in milliseconds, and how many failed. Who is served slowly
does not come less often: visits begin at the given rate whatever the answers take.
"""

# Before anything else is imported: sockets that wait must not hold up the others.
from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import random  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from locust import User, task  # noqa: E402
from locust.env import Environment  # noqa: E402

from benchmarks.load import Visitor  # noqa: E402
from tests.servers.plain_http import Answer, code_on  # noqa: E402
from tests.servers.proxy import NAME  # noqa: E402

EACH = 0.25  # visits a second of one locust user
SETTLING = 1 / EACH + 1  # seconds until all of them have begun
TEXT = "Unser Sohn ist vier und schläft nicht mehr allein ein. " * 12  # about 110 words
LINE = "Er schläft erst um elf ein und ist um zwei wieder wach."  # of a chat
WORDS = ("schreibaby", "erziehungsberatung", "trennung", "schulden", "schlaf", "kita")
SESSION = "__Host-lotse"
people: dict[str, Any] = {}
codes: list[str] = []


class Person(Visitor):
    """Somebody behind the proxy, each from an address of their own; every answer is counted by page."""

    def __init__(self, environment: Environment, session: str = "") -> None:
        super().__init__(people["port"], {SESSION: session} if session else {})
        self.environment = environment
        address = ".".join(str(random.randint(1, 250)) for _ in range(4))
        self.headers = {
            "Host": NAME,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": address,
            "Origin": f"https://{NAME}",
        }

    def open(self, page: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """Open a page, or send a form, without following where it leads."""
        began = time.perf_counter()
        failed: Exception | None = None
        status, body = 0, ""
        try:
            status, body = self.get(path) if fields is None else self.post(path, fields)
            if status >= 400:
                failed = RuntimeError(f"{page}: {status}")
        except OSError as error:
            failed = error
        self.environment.events.request.fire(
            request_type="GET" if fields is None else "POST",
            name=page,
            response_time=(time.perf_counter() - began) * 1000,
            response_length=len(body),
            exception=failed,
            context={},
        )
        return Answer(status, path, body)


class Day(User):
    """One of the many: each visit is somebody else's."""

    def on_start(self) -> None:
        """Begin at a moment of its own."""
        self.begins = time.perf_counter()
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Return how long until the next visit: they come by chance (Poisson), and none is left out.

        locust's own ways either let all users come in step, or come later when answers are slow.
        """
        self.begins += random.expovariate(EACH)
        return max(0.0, self.begins - time.perf_counter())

    def person(self, role: str = "") -> Person:
        """Return a new client, or one of the staff."""
        session = random.choice(people["staff"][role]) if role else ""
        return Person(self.environment, session)

    @task(4)
    def ask(self) -> None:
        """Write a question, and note the code."""
        parent, slug = self.person(), people["slug"]
        parent.open("landing", f"/{slug}/")
        form = parent.open("ask", f"/{slug}/frage/").hidden("data-draft-keep")
        parent.open("ask: send", f"/{slug}/frage/", {**form, "text": TEXT, "danger": "nein"})
        code = code_on(parent.open("code", f"/{slug}/code/"))
        if code:
            codes.append(code)

    @task(6)
    def come_back(self) -> None:
        """Come back with a code, read, and sometimes write."""
        parent, slug = self.person(), people["slug"]
        form = parent.open("return", f"/{slug}/zurueck/").hidden("/zurueck/")
        parent.open(
            "return: code", f"/{slug}/zurueck/", {**form, "code": random.choice(codes[-500:])}
        )
        thread = parent.open("thread", f"/{slug}/gespraech/")
        if random.random() < 0.3 and "/schreiben/" in thread.text:
            form = thread.hidden("/schreiben/")
            parent.open("write", f"/{slug}/gespraech/schreiben/", {**form, "text": TEXT})

    @task(4)
    def reply(self) -> None:
        """Take a case, read it, answer, close it."""
        counsellor = self.person("counsellor")
        queue = counsellor.open("queue", "/team/")
        found = re.findall(r"/team/faelle/([0-9a-f-]{36})/uebernehmen/", queue.text)
        if not found:
            return
        case = f"/team/faelle/{random.choice(found)}/"
        counsellor.open("claim", f"{case}uebernehmen/", queue.hidden("/uebernehmen/"))
        page = counsellor.open("case", case)
        if "reply-form" not in page.text:
            return  # somebody else was quicker
        counsellor.open("reply", f"{case}antwort/", {**page.hidden("reply-form"), "text": TEXT})
        counsellor.open("close", f"{case}abschliessen/", queue.hidden("/uebernehmen/"))

    @task(3)
    def search(self) -> None:
        """Look for help nearby."""
        path = f"/{people['slug']}/hilfe/?q={random.choice(WORDS)}&ort=Berlin"
        self.person().open("search", path)

    @task(2)
    def referrals(self) -> None:
        """Look after referrals: at a service's desk, and in the team."""
        self.person("partner").open("partner's desk", "/team/stelle/")
        self.person("counsellor").open("referrals", "/team/vermittlungen/")

    @task(4)
    def chat(self) -> None:
        """Say something in a chat, and answer."""
        room = random.choice(people["rooms"])
        client = Person(self.environment, room["client"])
        page = client.open("chat room", f"/{room['slug']}/gespraech/chat/")
        if "/sagen/" in page.text:
            form = page.hidden("/sagen/")
            client.open(
                "chat: say", f"/{room['slug']}/gespraech/chat/sagen/", {**form, "text": LINE}
            )
        counsellor = Person(self.environment, room["team"])
        desk = counsellor.open("chat desk", "/team/chats/")
        path = f"/team/chats/{room['case']}/schreiben/"
        if path in desk.text:
            counsellor.open("chat: write", path, {**desk.hidden(path), "text": LINE})

    @task(1)
    def lead(self) -> None:
        """Look at what is now."""
        self.person("supervisor").open("supervision", "/team/zahlen/leitung/")


def step(environment: Environment, visits: float, seconds: float) -> dict[str, Any]:
    """Let so many visits a second begin, and return how the pages did after a moment of settling."""
    runner = environment.runner or environment.create_local_runner()
    users = max(1, round(visits / EACH))
    runner.start(users, spawn_rate=users)
    time.sleep(SETTLING)
    environment.stats.reset_all()
    began = time.perf_counter()
    time.sleep(seconds)
    taken = time.perf_counter() - began
    pages = {
        name: {
            "count": entry.num_requests,
            "p50": entry.get_response_time_percentile(0.5) or 0,
            "p95": entry.get_response_time_percentile(0.95) or 0,
            "failed": entry.num_failures,
        }
        for (name, _method), entry in environment.stats.entries.items()
    }
    errors = [str(error.error) for error in environment.stats.errors.values()]
    done = sum(page["count"] for page in pages.values())
    return {"pages": pages, "rate": done / taken, "errors": errors[:5], "settling": SETTLING}


def main() -> None:
    """Obey orders until there are no more."""
    people.update(json.loads(sys.stdin.readline()))
    codes.append(people["code"])
    random.seed(people.get("seed", 9))
    environment = Environment(user_classes=[Day])
    while line := gevent.get_hub().threadpool.apply(sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(step(environment, order["visits"], order["seconds"])), flush=True)
    if environment.runner:
        environment.runner.quit()


if __name__ == "__main__":
    main()
