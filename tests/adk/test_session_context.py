import asyncio

from adk_nb.adk.session_context import SESSION


async def test_each_task_has_the_session_of_the_run_that_it_is_of():
    async def run(session):
        SESSION.set(session)
        await asyncio.sleep(0)
        return await asyncio.create_task(asked())

    async def asked():
        return SESSION.get()

    assert await asyncio.gather(
        asyncio.create_task(run("one")), asyncio.create_task(run("two"))
    ) == ["one", "two"]
    assert SESSION.get() is None
