"""What all tests share."""

from __future__ import annotations

import os
import re

import pytest

_SECRETS = re.compile("KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)


@pytest.fixture(scope="session", autouse=True)
def _no_secrets_of_the_machine():
    """What is masked in the tests is what they say, and not what this machine happens to have."""
    for name in [name for name in os.environ if _SECRETS.search(name)]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the browser's tests last: the quick ones fail first."""
    items.sort(key=lambda item: "browser" in item.path.parts)
