"""The protocol of page and bridge, and what the pages of a session are told."""
