"""The exchange with the model: its connection and events, turns, tool calls, swaps, microphone."""
