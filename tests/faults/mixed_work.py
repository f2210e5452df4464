"""Mixed work by people who do not give up, and the ledger of what was acknowledged to them.

Parents ask, come back by their code from another browser, and write more; counsellors claim, read and
answer. Whoever gets an error page or no answer sends the same form again. What an error page says is
looked at each time.
"""

import http.client
import json
import random
import re
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.security.test_canary import sign_in
from tests.servers.plain_http import Answer, PlainBrowser, code_on

# Seconds that somebody goes on trying the same thing; a web process that was killed loads again before it answers,
# for minutes where it gets a twentieth of a core.
PATIENCE = 300.0
NO_ANSWER = (OSError, http.client.HTTPException)
MARK = re.compile(r"Zeichen ([0-9a-f]{12})")
CLAIM = re.compile(r'action="([^"]+/uebernehmen/)"')
COUNSELLORS = ("jonna.petersen@nordhafen.example.org", "mehmet.aydin@nordhafen.example.org")


@dataclass
class Conversation:
    """What was acknowledged to a parent, in order. mark: by which a counsellor's answer is told."""

    mark: str
    code: str
    texts: list[str]


@dataclass
class Ledger:
    """Everything that was acknowledged, and what people saw instead of an answer.

    conversations, replies: by mark.
    """

    conversations: dict[str, Conversation] = field(default_factory=dict)
    replies: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Return how many questions, further messages and replies were acknowledged."""
        all_of = list(self.conversations.values())
        more = sum(len(one.texts) - 1 for one in all_of)
        replies = sum(len(one) for one in list(self.replies.values()))
        return f"{len(all_of)} questions, {more} messages, {replies} replies"

    def note(self, answer: Answer) -> None:
        """Count an error page, and keep what is unclear about it."""
        self.errors[str(answer.status)] += 1
        if reason := unclear(answer):
            self.unclear.append(f"{answer.status} at {answer.url}: {reason}")


def unclear(answer: Answer) -> str:
    """Say what an error page lacks: words in German, the remedy, help; or what it must not have."""
    if answer.status not in {502, 503, 504}:
        return "says that it is our mistake, not that it comes back"
    for word in ('lang="de"', "noch einmal", "112"):
        if word not in answer.text:
            return f"does not say {word}"
    for word in ("Traceback", "psycopg", "Exception", "Zeichen "):
        if word in answer.text:
            return f"says {word}"
    return ""


def shown(page: Answer) -> str:
    """Return what a page says, without what still stands in a form."""
    return re.sub(r"<textarea.*?</textarea>", "", page.text, flags=re.DOTALL)


class Work:
    """The people at work. new_browser: makes the browser of one person."""

    def __init__(
        self, new_browser: Callable[[], PlainBrowser], *, parents: int = 2, counsellors: int = 1
    ) -> None:
        self.new_browser = new_browser
        self.ledger = Ledger()
        self.failures: list[BaseException] = []
        self.codes_fit = threading.Event()  # those of the second factor: both clocks are the same
        self.codes_fit.set()
        self._enough = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._idle: set[int] = set()
        self._parents = parents
        people: list[Callable[[], None]] = [self._parent for _each in range(parents)]
        people += [_Counsellor(self, email).step for email in COUNSELLORS[:counsellors]]
        self._worked = dict.fromkeys(
            range(len(people)), 0.0
        )  # when each began what they last ended
        self._threads = [
            threading.Thread(target=self._live, args=(number, step), daemon=True)
            for number, step in enumerate(people)
        ]
        for thread in self._threads:
            thread.start()

    # --- From outside ---------------------------------------------------------------------------
    def everybody_works(self) -> float:
        """Wait until everybody has begun and ended something from now on; return the seconds."""
        return self._wait_for(len(self._threads))

    def parents_work(self) -> None:
        """Wait until each parent has begun and ended something from now on."""
        self._wait_for(self._parents)

    def pause(self) -> None:
        """Let everybody finish what they are doing, and wait."""
        self._go.clear()
        began = time.monotonic()
        while len(self._idle) < len(self._threads):
            self._check(began)

    def go_on(self) -> None:
        """Let everybody go on."""
        self._go.set()

    def dismiss(self) -> None:
        """Tell everybody that it is enough, and do not wait for them."""
        self._enough.set()
        self._go.set()

    def stop(self) -> Ledger:
        """Let everybody finish what they are doing. Raises what one of them has met."""
        self.dismiss()
        for thread in self._threads:
            thread.join(PATIENCE)
        if self.failures:
            raise self.failures[0]
        return self.ledger

    def found(self) -> Counter[str]:
        """Look for everything acknowledged in its conversation, and count: `once`, `lost`, `twice`.

        `unknown`: what is there and was never acknowledged; `out of order`: what the parent wrote.
        """
        counted = Counter[str]()
        for one in self.ledger.conversations.values():
            browser = self.new_browser()
            assert self.come_back(browser, one.code).url.endswith("/gespraech/"), one
            saved = self.patiently(partial(browser.get, "/nordhafen/gespraech/mitnehmen/?als=json"))
            messages = json.loads(saved.text)["messages"]
            there = [m["text"] for m in messages if m["from"] in {"client", "reply"}]
            known = [*one.texts, *self.ledger.replies[one.mark]]
            for text in known:
                counted[("lost", "once", "twice")[min(there.count(text), 2)]] += 1
            counted["unknown"] += len(set(there) - set(known))
            in_order = [text for text in there if text in one.texts]
            counted["out of order"] += in_order != one.texts
        return +counted

    # --- What people do -------------------------------------------------------------------------
    def patiently(self, attempt: Callable[[], Answer]) -> Answer:
        """Try until a page comes that is no error. Raises AssertionError when none comes."""
        began = time.monotonic()
        while True:
            try:
                answer = attempt()
            except NO_ANSWER:
                self.ledger.errors["no answer"] += 1
            else:
                if answer.status < 500:
                    return answer
                self.ledger.note(answer)
            assert time.monotonic() < began + PATIENCE, "nobody answers any more"
            assert not (self._enough.is_set() and self.failures), "the test is over"
            time.sleep(0.2)

    def come_back(self, browser: PlainBrowser, code: str) -> Answer:
        """Open a conversation by its code."""
        page = self.patiently(partial(browser.get, "/nordhafen/zurueck/"))
        form = {**page.hidden("/zurueck/"), "code": code}
        return self.patiently(partial(browser.post, "/nordhafen/zurueck/", form))

    def _parent(self) -> None:
        """Ask; come back with the code, read what is there, write more."""
        browser, mark = self.new_browser(), secrets.token_hex(6)
        text = f"Unser Kind schläft nicht. Zeichen {mark}."
        page = self.patiently(partial(browser.get, "/nordhafen/frage/"))
        words = {"text": text} | ({"danger": "ja"} if secrets.randbelow(4) == 0 else {})
        for _each in range(3):  # a form that is too old is shown once more
            form = page.hidden("data-draft-keep") | words
            page = self.patiently(partial(browser.post, "/nordhafen/frage/", form))
            if code := code_on(page):
                break
        assert code, f"no code but {page.status} at {page.url}"
        mine = Conversation(mark, code, [text])
        self.ledger.conversations[mark] = mine
        self._return(mine, f"Nachtrag zu Zeichen {mark}.")

    def _return(self, mine: Conversation, text: str) -> None:
        browser, acknowledged = self.new_browser(), [*mine.texts, *self.ledger.replies[mine.mark]]
        page = self.come_back(browser, mine.code)
        for known in acknowledged:
            assert known in page.text, f"acknowledged and gone: {known}; at {page.url}"
        form = {**page.hidden("/schreiben/"), "text": text}
        answer = self.patiently(partial(browser.post, "/nordhafen/gespraech/schreiben/", form))
        assert text in shown(answer), f"not taken: {answer.status} at {answer.url}"
        mine.texts.append(text)

    # --- Threads --------------------------------------------------------------------------------
    def _live(self, name: int, step: Callable[[], None]) -> None:
        while not (self._enough.is_set() or self.failures):
            self._idle.add(name)
            self._go.wait()
            self._idle.discard(name)
            began = time.monotonic()
            try:
                step()
            except BaseException as failure:  # noqa: BLE001 - shown by the test itself
                self.failures.append(failure)
            self._worked[name] = began
        self._idle.add(name)

    def _wait_for(self, people: int) -> float:
        began = time.monotonic()
        while any(self._worked[n] < began for n in range(people)):
            self._check(began)
        return time.monotonic() - began

    def _check(self, began: float) -> None:
        if self.failures:
            raise self.failures[0]
        assert time.monotonic() < began + PATIENCE, "not everybody can work"
        time.sleep(0.05)


class _Counsellor:
    """Somebody of the team, who signs in again whenever they must."""

    def __init__(self, work: Work, email: str) -> None:
        self.work, self.email = work, email
        self.browser = work.new_browser()

    def step(self) -> None:
        """Claim a question, if any waits, and answer it."""
        queue = self.page("/team/")
        if not (claims := CLAIM.findall(queue.text)):
            time.sleep(0.2)
            return
        claim = random.choice(claims)
        case = self.work.patiently(partial(self.browser.post, claim, queue.hidden(claim)))
        found = MARK.search(case.text)
        if 'id="reply-form"' not in case.text or found is None:
            return  # somebody else was quicker, or it is a question of the demo
        reply = f"Antwort {secrets.token_hex(4)} auf {found.group(1)}."
        while reply not in shown(case):
            form = {**case.hidden('id="reply-form"'), "text": reply}
            sent = f"{case.url}antwort/"
            answer = self.work.patiently(partial(self.browser.post, sent, form))
            # Signed out meanwhile: look first whether it has arrived.
            case = answer if reply in shown(answer) else self.page(case.url)
        self.work.ledger.replies[found.group(1)].append(reply)

    def page(self, path: str) -> Answer:
        """Open a page of the team."""
        began = time.monotonic()
        while True:
            page = self.work.patiently(partial(self.browser.get, path))
            if "/anmelden/" not in page.url:
                return page
            assert time.monotonic() < began + PATIENCE, f"{self.email} cannot sign in"
            if not self.work.codes_fit.is_set():
                self.work.codes_fit.wait(3 * PATIENCE)
                began = time.monotonic()
            try:
                self.browser = self.work.new_browser()
                sign_in(self.browser, self.email)
            except (*NO_ANSWER, AssertionError):
                time.sleep(0.5)  # somewhere on the way; from the beginning
