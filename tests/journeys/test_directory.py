"""Help nearby: a parent finds it in their own words, also without JavaScript and inside another page."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.actors import words
from tests.journeys.conftest import OpenVisitor
from tests.journeys.evidence import no_serious_axe, screenshot

TOWN = "Bremerhaven"


def find(page: Page, need: str) -> None:
    """Search from the landing page on."""
    page.goto("/nordhafen/")
    page.locator("a.hero__more").click()
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
