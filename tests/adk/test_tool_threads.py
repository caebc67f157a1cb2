import contextlib
import threading

from google.adk.agents.run_config import RunConfig, ToolThreadPoolConfig
from google.adk.tools.function_tool import FunctionTool

from adk_nb.adk.tool_threads import tool_threads


def where() -> str:
    """Tells where it runs."""
    return threading.current_thread().name


async def where_async() -> str:
    """Tells where it runs."""
    return threading.current_thread().name


async def ran(function):
    return await FunctionTool(function).run_async(args={}, tool_context=None)


async def test_plain_functions_run_in_a_thread_while_it_lasts():
    here = threading.current_thread().name
    with tool_threads(RunConfig()):
        assert await ran(where) != here
        assert await ran(where_async) == here
    assert await ran(where) == here


async def test_a_pool_of_the_users_is_left_to_adk():
    config = RunConfig(tool_thread_pool_config=ToolThreadPoolConfig())
    assert isinstance(tool_threads(config), contextlib.nullcontext)
    with tool_threads(config):
        assert await ran(where) == threading.current_thread().name
