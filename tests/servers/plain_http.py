"""Somebody with a browser without JavaScript, by plain HTTP: cookies, forms, nothing else."""

import html
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar

HIDDEN = re.compile(r'<input type="hidden"[^>]*?>', re.DOTALL)
ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back. `url`: of the page, after all redirections."""

    status: int
    url: str
    text: str

    def hidden(self, form: str) -> dict[str, str]:
        """Return the hidden fields of the form whose tag has `form` in it."""
        for found in re.finditer(r"<form\b(.*?)>(.*?)</form>", self.text, re.DOTALL):
            if form in found.group(1):
                tags = HIDDEN.findall(found.group(2))
                fields = [dict(ATTRIBUTE.findall(tag)) for tag in tags]
                return {f["name"]: html.unescape(f.get("value", "")) for f in fields}
        raise AssertionError(f"{self.url} ({self.status}) has no form with {form}")


class PlainBrowser:
    """A browser of one person. Raises OSError when the server does not answer."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._open(urllib.request.Request(self._address(path)))

    def post(self, path: str, data: dict[str, str]) -> Answer:
        """Send a form, and follow to the page it leads to."""
        body = urllib.parse.urlencode(data).encode()
        return self._open(urllib.request.Request(self._address(path), data=body))

    def post_files(self, path: str, data: dict[str, str], files: list[bytes]) -> Answer:
        """Send a form with files, and follow to the page it leads to."""
        body, kind = multipart(data, files)
        request = urllib.request.Request(self._address(path), data=body)
        request.add_header("Content-Type", kind)
        return self._open(request)

    def save(self, path: str) -> bytes:
        """Save a file."""
        with self._opener.open(self._address(path), timeout=60) as response:
            content: bytes = response.read()
            return content

    def _address(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.base}{path}"

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response.status, response.url, response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.url, error.read().decode(errors="replace"))


def multipart(data: dict[str, str], files: list[bytes]) -> tuple[bytes, str]:
    """Return the body of a form with files in the field `attachments`, and its content type."""
    line = secrets.token_hex(16)
    parts = [
        f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in data.items()
    ]
    for number, file in enumerate(files):
        about = f'form-data; name="attachments"; filename="IMG_{number}.jpg"'
        head = f"--{line}\r\nContent-Disposition: {about}\r\nContent-Type: image/jpeg\r\n\r\n"
        parts.append(head.encode() + file + b"\r\n")
    parts.append(f"--{line}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={line}"


@dataclass
class PlainParent:
    """A parent who asks in one organisation."""

    browser: PlainBrowser
    slug: str = "nordhafen"

    def form(self) -> dict[str, str]:
        """Open the form for a question, and return its hidden fields."""
        return self.browser.get(f"/{self.slug}/frage/").hidden("data-draft-keep")

    def send(self, form: dict[str, str], text: str, **more: str) -> Answer:
        """Send the form with a text, and return the page that it leads to."""
        return self.browser.post(f"/{self.slug}/frage/", {**form, "text": text, **more})

    def open(self, code: str) -> Answer:
        """Open a conversation by its code."""
        form = self.browser.get(f"/{self.slug}/zurueck/").hidden("/zurueck/")
        return self.browser.post(f"/{self.slug}/zurueck/", {**form, "code": code})


def code_on(answer: Answer) -> str:
    """Return the access code that a page shows, or nothing."""
    found = re.search(r'data-copy="([0-9A-Z-]{29})"', answer.text)
    return found.group(1) if found else ""
