"""The agent on a web page, for other people: `python -m adk_nb serve`, or `app(agent)`."""

from adk_nb.serve.application import app

__all__ = ["app"]
