"""The dataframes and their columns: the public module for `adk_nb.data`."""

from adk_nb.data.tables import *  # noqa: F403
from adk_nb.data.tables import __all__  # noqa: F401
