"""Two instances, PostgreSQL and nginx, as processes: `make test-deploy` alone runs these tests."""

from __future__ import annotations

import contextlib

import pytest


def pytest_ignore_collect(collection_path, config):
    return None if config.getoption("deploy") else collection_path.suffix == ".py" or None


@pytest.fixture
def deployment(tmp_path):
    """`deployment(**environment)` starts everything."""
    from processes import Deployment

    with contextlib.ExitStack() as stack:
        yield lambda **environment: Deployment(tmp_path, stack, **environment)
