"""The Jupyter Server extension: pages reach the bridge of a kernel through their Jupyter server.

It runs in the server, not in a kernel, and so imports neither ADK nor what costs time at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "adk_nb.relay"}]


def _load_jupyter_server_extension(server_app: ServerApp) -> None:
    from jupyter_server.utils import url_path_join

    from adk_nb.relay.handlers import PageHandler, VersionHandler
    from adk_nb.relay.socket import RelayHandler
    from adk_nb.wire.terms import RELAY_PATH

    root = url_path_join(server_app.web_app.settings["base_url"], RELAY_PATH)
    server_app.web_app.add_handlers(  # type: ignore[no-untyped-call]
        ".*$",
        [
            (url_path_join(root, "version"), VersionHandler),
            (url_path_join(root, "page/(.*)"), PageHandler),
            # No dot and no slash: a path cannot lead out of the runtime folder.
            (url_path_join(root, r"(?P<kernel_id>\w[\w-]{0,99})"), RelayHandler),
        ],
    )
