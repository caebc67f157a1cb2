import pytest
from google.adk.agents import Agent
from google.adk.artifacts import InMemoryArtifactService
from google.adk.memory import InMemoryMemoryService
from google.genai import types
from scripted import DONE, call, result_of, said, text_of

from adk_nb.exceptions import AdkNbError
from adk_nb.serve import app
from adk_nb.serve.services import check_store, opened


def test_a_uri_is_opened_and_a_service_is_taken_as_it_is(tmp_path):
    assert type(opened("artifact", f"file://{tmp_path}")).__name__ == "FileArtifactService"
    assert isinstance(opened("memory", "memory://"), InMemoryMemoryService)
    own = InMemoryArtifactService()
    assert opened("artifact", own) is own


@pytest.mark.parametrize(("kind", "uri"), [("artifact", "nowhere://x"), ("memory", "gs://bucket")])
def test_a_uri_of_no_service_is_refused(kind, uri):
    with pytest.raises(AdkNbError, match=uri):
        opened(kind, uri)
    with pytest.raises(AdkNbError, match=uri):
        app(Agent(name="a", model="m"), **{{"artifact": "artifacts"}.get(kind, kind): uri})


async def remembers(tool_context):
    """Looks into the memory."""
    found = await tool_context.search_memory("dice")
    return {"found": len(found.memories)}


def test_tools_find_what_the_memory_has(served, monkeypatch):
    memory = InMemoryMemoryService()

    async def search_memory(**_options):
        from google.adk.memory.base_memory_service import MemoryEntry, SearchMemoryResponse

        entry = MemoryEntry(content=types.Content(parts=[types.Part(text="dice")]))
        return SearchMemoryResponse(memories=[entry])

    memory.search_memory = search_memory

    def answer(came):
        if text_of(came):
            return [call("remembers")]
        found = result_of(came)
        return [said(f"{found['found']} found.", finished=True), DONE] if found else []

    one = served(
        answer, agent=lambda model: Agent(name="a", model=model, tools=[remembers]), memory=memory
    )
    with one.tutorial() as client:
        client.send("text/plain", "what of the dice?")
        assert client.turn().text == "1 found."


@pytest.mark.parametrize(
    ("sessions", "there"),
    [
        ("sqlite:///talk.db", True),
        ("sqlite+aiosqlite:///kept/talk.db", True),
        ("sqlite:///kept/talk.db?timeout=3", True),
        ("sqlite:///gone/talk.db", False),
        ("sqlite+aiosqlite:///gone/talk.db?timeout=3", False),
        ("sqlite:///{folder}/kept/talk.db", True),
        ("sqlite:///{folder}/gone/talk.db", False),
        ("sqlite:///kept/gone/talk.db", False),
        ("sqlite:///:memory:", True),
        ("sqlite://", True),
        ("postgresql://db.example/gone/talk", True),
        (None, True),
        (object(), True),
    ],
)
def test_a_database_file_needs_its_folder(tmp_path, monkeypatch, sessions, there):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    if isinstance(sessions, str):
        sessions = sessions.format(folder=tmp_path)
    if there:
        check_store(sessions)
        return
    with pytest.raises(AdkNbError, match=r"cannot be opened: no folder .*gone") as raised:
        check_store(sessions)
    assert raised.value.code == "no_sessions"
    assert repr(sessions) in raised.value.message


def test_only_of_a_database_file_the_folder_is_looked_for(tmp_path):
    check_store(f"postgresql:///{tmp_path}/none/talk.db")
    with pytest.raises(AdkNbError, match="no folder"):
        check_store(f"sqlite:///{tmp_path}/none/talk.db")
