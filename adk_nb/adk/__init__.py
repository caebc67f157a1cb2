"""All that replaces, subclasses or reads what is private in ADK, and its agents as we see them.

An ADK that does not fit is refused here, before any of it is touched.
"""

from adk_nb.adk import guard

guard.check()
