"""What belongs to the notebook alone: magics, `asyncio.run()` in cells, the inspector."""
