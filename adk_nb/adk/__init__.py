"""Everything that depends on ADK's private names, and what a session needs to know of agents.

Importing it checks the installed ADK and raises an error if it does not fit.
"""

from adk_nb.adk import guard

guard.check()
