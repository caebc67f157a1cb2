from __future__ import annotations

import pytest
from google.adk.tools import FunctionTool

from adk_nb.local.router import Router
from adk_nb.local.written import written


def read_file(path: str) -> str:
    """Reads a file."""


def fetch(url: str) -> str:
    """Fetches a page."""


def send_email(recipient: str, body: str) -> str:
    """Sends an email."""


def check_product(product_id: str) -> bool:
    """Checks whether a product is available."""


def roll_dice(sides: int = 6) -> int:
    """Rolls dice."""


def routers(*tools):
    return Router([FunctionTool(tool)._get_declaration() for tool in tools])


FILES = routers(read_file, fetch)
MAILS = routers(send_email)
PRODUCTS = routers(check_product)
DICE = routers(roll_dice)


@pytest.mark.parametrize(
    ("router", "heard", "as_written"),
    [
        (DICE, "I need U.S. dollars.", "I need US dollars."),
        (DICE, "Wake me at half-past six.", "Wake me at half past six."),
        (DICE, "Wake me at 3 p.m. please.", "Wake me at 3 pm please."),
        (DICE, "Wake me at 3:00 p.m.", "Wake me at 3 pm."),
        (DICE, "Wake me at ten a. M about.", "Wake me at ten am about."),
        (DICE, "Wake me at 3:15 PM.", "Wake me at 3:15 pm."),
        (DICE, "Is flight B-A-1-1-7 late?", "Is flight BA117 late?"),
        (DICE, "Where is order W-2378156?", "Where is order W2378156?"),
        (DICE, "Where is order double U two three?", "Where is order W two three?"),
        (DICE, "A twenty-sided die.", "A twenty-sided die."),
        (DICE, "It is soil-123.", "It is soil-123."),
        (DICE, "Convert 30\u00b0C to Fahrenheit.", "Convert 30 degrees Celsius to Fahrenheit."),
        (DICE, "It is 20\u00b0 here.", "It is 20 degrees here."),
        (DICE, "On May sixteenth.", "On May 16th."),
        (DICE, "On May the third.", "On May the 3rd."),
        (DICE, "On the twenty first of June.", "On the 21st of June."),
        (DICE, "On March twentieth.", "On March 20th."),
        (DICE, "The third one may work.", "The third one may work."),
        (FILES, "Read report MD.", "Read report.md."),
        (FILES, "Move the file plot PNG into figures.", "Move the file plot.png into figures."),
        (FILES, "Read the file report dotmd.", "Read the file report.md."),
        (FILES, "Fetch example dot org.", "Fetch example.org."),
        (FILES, "Fetch example org slash news.", "Fetch example.org/news."),
        (FILES, "Read notes.txt.", "Read notes.txt."),
        (FILES, "Connect the dot to the line.", "Connect the dot to the line."),
        (FILES, "Read the text.", "Read the text."),
        (MAILS, "Email bob at example dot com.", "Email bob@example.com."),
        (MAILS, "Meet me at noon.", "Meet me at noon."),
        (PRODUCTS, "Is product soil 123 there?", "Is product soil-123 there?"),
        (
            PRODUCTS,
            "Is product soil one hundred and twenty three there?",
            "Is product soil-123 there?",
        ),
        (PRODUCTS, "Is product UA 900 there?", "Is product UA 900 there?"),
        (PRODUCTS, "Is product 456 there?", "Is product 456 there?"),
        # What no tool takes is left as it was heard.
        (DICE, "Read report MD.", "Read report MD."),
        (DICE, "Is product soil 123 there?", "Is product soil 123 there?"),
        (DICE, "", ""),
    ],
)
def test_what_is_heard_is_written_as_the_tools_take_it(router, heard, as_written):
    assert written(heard, router) == as_written
