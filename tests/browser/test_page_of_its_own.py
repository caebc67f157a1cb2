"""The conversation in a page of its own, in the user's browser, opened by a link."""

from __future__ import annotations

import pytest
from driver import ROOT, Widget
from transports import AGENT

import adk_nb

pytestmark = pytest.mark.browser

NAMES: dict = {}
exec(AGENT, NAMES)
make = NAMES["make"]


@pytest.fixture
def browse(browsers):
    """Opens an address in a browser of the user's own, with a microphone."""
    pages = []

    def browse(address):
        page = browsers(None).new_page()
        pages.append(page)
        page.goto(address)
        return page, Widget(page, page.locator(ROOT))

    yield browse
    for page in pages:
        page.close()


def test_what_is_said_in_the_page_is_in_the_cell_too(show, browse):
    live = adk_nb.talk(make("first"))
    cell = show(live)
    cell.wait_for_state("ready")
    link = adk_nb.open(live)
    page, own = browse(link.url)
    own.wait_for_state("ready")
    assert "#" not in page.url
    own.part("mic").click()
    own.wait_for_entry("user", "What time is it")
    cell.wait_for_entry("user", "What time is it")
    cell.wait_for_entry("agent", "It is noon")
    own.part("mic").click()
    page.reload()  # The link was used; the tab may come back all the same.
    own.wait_for_entry("agent", "It is noon")
    own.wait_for_state("ready")
    _, other = browse(link.url)
    other.root.get_by_text("used already").wait_for()


def test_a_widget_that_gets_no_microphone_offers_the_page(show, browse):
    live = adk_nb.talk(make("first"))
    cell = show(live, microphone="denied")
    cell.wait_for_state("ready")
    cell.part("mic").click()
    link = cell.part("page-link")
    link.wait_for()
    _, own = browse(link.get_attribute("href"))
    own.wait_for_state("ready")
    own.type("hello")
    cell.wait_for_entry("agent", "You said hello")
