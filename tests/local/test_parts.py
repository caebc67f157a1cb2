import pytest
from parts import absent, broken

from adk_nb.exceptions import LocalModelError, together
from adk_nb.local.parts import Part, installed, load_first, missing, without

LIBGOMP = "libgomp.so.1: cannot open shared object file: No such file or directory"


def importing(module):
    return lambda: __import__(module)


def part(module="xllamacpp", name="xllamacpp", extra="chat"):
    return Part(name, (module,), extra, importing(module))


def failure(*parts):
    with pytest.raises(LocalModelError) as error:
        load_first(parts)
    return error.value


def test_what_is_not_installed_names_the_extra(monkeypatch):
    absent(monkeypatch, "xllamacpp")
    error = failure(part())
    assert error.message == "xllamacpp is not installed."
    assert error.remedy == "Run pip install 'adk-nb[chat]', and then the agent's cell again."


def test_what_else_there_is_to_do_is_said_after_it():
    error = Part("X", ("no_such_module",), "local", dict, hint="Or buy one.").unusable(OSError())
    assert error.remedy.endswith("the agent's cell again. Or buy one.")


@pytest.mark.parametrize("kind", [ImportError, OSError])
def test_a_library_of_the_systems_is_named_with_its_package(monkeypatch, kind):
    broken(monkeypatch, kind(LIBGOMP), "xllamacpp")
    error = failure(part())
    assert f"xllamacpp is installed, but cannot be loaded ({kind.__name__}: {LIBGOMP})" in str(
        error
    )
    assert "Install the system's libgomp.so.1 (on Debian and Ubuntu: apt-get install libgomp1)" in (
        error.remedy
    )


def test_a_library_that_is_not_known_is_named_all_the_same(monkeypatch):
    said = "libodd-2.so.3: cannot open shared object file: No such file or directory"
    broken(monkeypatch, OSError(said), "xllamacpp")
    assert failure(part()).remedy == "Install the system's libodd-2.so.3, and restart the kernel."


@pytest.mark.parametrize("error", [AttributeError("hostnames"), RuntimeError(), ValueError("x")])
def test_another_release_is_brought_up_to_date(monkeypatch, error):
    broken(monkeypatch, error, "xllamacpp")
    told = failure(part())
    assert type(error).__name__ in told.message
    assert "pip install --upgrade 'adk-nb[chat]'" in told.remedy


def test_the_first_that_loads_is_taken(monkeypatch):
    absent(monkeypatch, "xllamacpp")
    assert load_first([part(), part("json")]).__name__ == "json"


def test_what_is_there_and_broken_is_told_before_what_is_not_there(monkeypatch):
    absent(monkeypatch, "py_nanotts")
    broken(monkeypatch, OSError(LIBGOMP), "xllamacpp")
    assert "libgomp" in str(failure(part("py_nanotts", "Pico"), part()))
    absent(monkeypatch, "xllamacpp")
    assert failure(part("py_nanotts", "Pico"), part()).message == "Pico is not installed."


def test_whether_something_is_there_is_known_without_importing_it(monkeypatch):
    broken(monkeypatch, OSError(LIBGOMP), "xllamacpp")
    assert installed("xllamacpp", "json")
    assert not installed("xllamacpp", "no_such_module")
    assert not installed("no_such_package.module")
    assert missing([part("no_such_module"), part()]) is None
    absent(monkeypatch, "xllamacpp")
    assert "not installed" in missing([part("no_such_module"), part()]).message


def test_several_are_told_together_and_each_remedy_once():
    same = LocalModelError("It is not there.", remedy="Install it.")
    other = LocalModelError("No voice.", remedy="Buy one.")
    error = together([without("It is deaf", same), without("It is dumb", same), other])
    assert error.message == ("It is deaf: It is not there. It is dumb: It is not there. No voice.")
    assert error.remedy == "Install it. Buy one."
