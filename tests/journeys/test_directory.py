"""Help nearby: a parent finds it in their own words, also without JavaScript and inside another page."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.actors import words
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import no_serious_axe, screenshot
from tests.servers.lotse import Lotse

TOWN = "Bremerhaven"


def find(page: Page, need: str) -> None:
    """Search from the landing page on."""
    page.goto("/nordhafen/")
    page.locator("a.hero__more[href$='/hilfe/']").click()
    page.locator("#id_q").fill(need)
    page.locator("#id_ort").fill(TOWN)
    page.locator("search button[type=submit]").click()


def test_from_the_landing_page_to_a_number_to_call(page: Page) -> None:
    find(page, "mein baby schreit die ganze nacht")
    expect(page.locator(".result__name").first).to_contain_text("Babysprechstunde")
    expect(page.locator(".result").first).to_contain_text("gefunden über")
    no_serious_axe(page)
    screenshot(page, "directory-results")
    page.locator(".result__name a").first.click()
    expect(page.locator("h1")).to_contain_text("Babysprechstunde")
    expect(page.locator("a.entry__call")).to_have_attribute("href", "tel:04715550113")
    no_serious_axe(page)
    screenshot(page, "directory-entry")
    with page.expect_download() as sheet:
        page.get_by_role("link", name=words("de", "Als Blatt zum Ausdrucken (PDF)")).click()
    assert sheet.value.suggested_filename == "hilfe.pdf"
    assert page.context.cookies() == []


def test_the_longest_names_stay_on_a_page_of_320_pixels(page: Page) -> None:
    """The width of a desktop at 400 %: „Jugendlichenpsychotherapie“ once widened all of it."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/nordhafen/hilfe/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.goto("/nordhafen/hilfe/?q=psychotherapie&ort=27568")
    expect(page.locator(".result").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator(".result__name a").first.click()
    expect(page.locator("h1")).to_contain_text("psychotherapie")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_javascript_it_works_the_same(no_js_page: Page) -> None:
    page = no_js_page
    find(page, "schulden")
    page.locator("search summary").click()
    page.locator("#id_kostenlos").check()
    page.locator("search button[type=submit]").click()
    expect(page).to_have_url(re.compile("kostenlos=on"))
    page.locator(".result__name a").first.click()
    expect(page.locator("h1")).to_contain_text("Schuldnerberatung")


def test_a_shelter_is_found_without_a_way_to_it(visit: OpenVisitor) -> None:
    page = visit("phone").page()
    find(page, "mein mann schlägt mich ich muss hier raus")
    shelter = page.locator(".result", has_text="Frauenhaus Nordsee")
    expect(shelter).to_be_visible()
    expect(shelter).not_to_contain_text("km")
    shelter.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("Die Adresse ist geheim.")
    expect(page.locator("main")).not_to_contain_text("Geheimweg")
    expect(page.locator("a[href^='geo:']")).to_have_count(0)


@pytest.fixture
def town_site(live_lotse: Lotse, tmp_path: Path) -> Iterator[str]:
    """The address of a town's own site, another origin, with our search in one of its pages."""
    frame = f'<iframe src="{live_lotse.url}/nordhafen/hilfe/eingebettet/" title="Hilfe"></iframe>'
    (tmp_path / "index.html").write_text(f"<h1>Stadt</h1>{frame}")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_search_stands_inside_a_page_of_the_town(visit: OpenVisitor, town_site: str) -> None:
    page = visit("desktop", also=town_site).page()
    page.goto(f"{town_site}/index.html")
    frame = page.frame_locator("iframe")
    frame.locator("input[name=q]").fill("kein geld für die miete")
    frame.locator("button[type=submit]").click()
    expect(frame.locator(".result").first).to_be_visible()
    with page.expect_popup() as opened:
        frame.locator(".result__name a").first.click()
    expect(opened.value.locator("h1")).to_be_visible()
    assert page.context.cookies() == []
