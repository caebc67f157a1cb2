"""An MCP server over stdio; it adds its process's id to the file that it is given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("weather", log_level="CRITICAL")
cities: list[str] = []


@server.tool()
def forecast(city: str) -> str:
    """Forecasts the weather in a city."""
    cities.append(city)
    return f"Rain in {', '.join(cities)}."


@server.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("no satellite")


if __name__ == "__main__":
    with Path(sys.argv[1]).open("a") as file:
        file.write(f"{os.getpid()}\n")
    server.run()
