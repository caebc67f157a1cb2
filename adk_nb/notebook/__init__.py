"""For notebooks only: the magics, `asyncio.run()` in cells, the inspector."""
