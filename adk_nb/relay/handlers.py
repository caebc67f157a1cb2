"""What the relay answers besides its WebSocket: of which version it is, and the served page."""

from __future__ import annotations

from importlib.metadata import version

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from adk_nb import served_page


class VersionHandler(APIHandler):
    """Tells who is logged in which version relays."""

    auth_resource = "kernels"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answers with the version of the package in the server's environment."""
        self.finish({"version": version("adk-nb")})


class PageHandler(JupyterHandler):
    """Serves the page of a conversation to who is logged in; it is the same for all of them."""

    @property
    def content_security_policy(self) -> str:
        """What the page may load."""
        return served_page.CONTENT_SECURITY_POLICY

    @web.authenticated
    async def get(self, path: str) -> None:
        """Answers with a file of the page."""
        file = served_page.files().get(path)
        if file is None:
            raise web.HTTPError(404)
        for name, value in served_page.HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Type", file.type)
        self.finish(file.body)
