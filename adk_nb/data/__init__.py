"""Dataframes of logs: their columns, tables and spans, and the timeline."""
