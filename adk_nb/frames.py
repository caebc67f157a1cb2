"""The dataframes and their columns, under the name that the documentation has for them."""

from adk_nb.data.tables import *  # noqa: F403
from adk_nb.data.tables import __all__  # noqa: F401
