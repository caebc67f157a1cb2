# One command each: `make lab` to speak to an agent, `make test` to check everything.
# Versions are named in pyproject.toml, and those that were tested together in constraints.txt.
# tools/steps.py sets everything up. GNU make 3.81 and bash 3.2 are enough, for macOS; no file or
# folder is a target, so that blanks in a path are no matter.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where everything is installed, and the Python it is made with (default: the first that will do).
# A conda environment works too: `make lab VENV="$CONDA_PREFIX"`.
VENV ?= .venv
PYTHON ?=
# uv installs where there is one: `make lab UV=` does without. `CONSTRAINTS=` takes the newest
# versions instead of the tested ones.
UV ?= uv
CONSTRAINTS ?= constraints.txt
# Paths are UTF-8, whatever the locale says; Python makes the best of C, unless it is forced on it.
export PYTHONUTF8 := 1
ifneq ($(filter C POSIX,$(LC_ALL)),)
unexport LC_ALL
export LC_CTYPE := C.UTF-8
endif

NOTEBOOK ?=
LAB_ARGS ?=
# How many processes the Python tests run in: they wait a lot, and three leave two cores idle for
# four tenths of the time. Where the machine is busy with other work too, three are better.
TEST_PROCESSES ?= 4
PYTEST_ARGS ?=
BENCH_ARGS ?=
MUTANTS_ARGS ?=
LOCK_ARGS ?=
export VENV PYTHON UV CONSTRAINTS NOTEBOOK

SETUP := @bash tools/setup.sh
BIN := "$$VENV/bin"
NODE := PATH="$$VENV/bin:$$PATH"
UV_TOO := PATH="$$PATH:$$VENV/bin"
# What has no browser, no models and no second environment in it.
FAST := --fast -m "not slow"

# Compiled files are kept, whatever the environment says: each process compiles all tests otherwise.
test-python test-fast coverage fuzz: export PYTHONDONTWRITEBYTECODE :=

.PHONY: help lab test test-fast lint format test-python test-js test-lowest test-newest test-adk test-deploy test-front-ends coverage docs bench fuzz mutants \
	lock wheels clean

help:
	@echo 'make lab          set everything up and open JupyterLab on notebooks/01_talk.ipynb'
	@echo 'make test         set everything up, lint, and run every test (the browser ones too)'
	@echo 'make test-fast    the Python tests that need no browser, no models and no second each'
	@echo 'make coverage     which branches the Python tests run; fails where that is too little'
	@echo 'make lint         ruff, mypy, import-linter, the JavaScript checks, and the lists that go'
	@echo '                  with pyproject.toml'
	@echo 'make format       let ruff rewrite the Python files and notebooks'
	@echo 'make docs         run the examples of README.md and docs/, and build the pages'
	@echo 'make bench        run the benchmarks'
	@echo 'make test-lowest  the quick tests with the lowest versions that are allowed'
	@echo 'make test-newest  the quick tests with the newest versions there are'
	@echo 'make test-adk     the tests that ADK matters to, with the release that ADK= names'
	@echo 'make test-deploy  two instances, PostgreSQL and nginx: what is lost when one goes (Linux)'
	@echo 'make test-front-ends  Notebook 7, Voilà, marimo, JupyterLab in Firefox, and a shared notebook'
	@echo 'make mutants      measure how strong the tests are (slow)'
	@echo 'make lock         write constraints.txt anew; LOCK_ARGS=--upgrade takes the newest versions'
	@echo 'make wheels       write the table of docs/install.md anew'
	@echo 'make clean        remove what make made'

lab:
	$(SETUP) lab smollm2
	@exec $(BIN)/python -m adk_nb lab $(if $(NOTEBOOK),"$$NOTEBOOK") -- $(LAB_ARGS)

test: lint test-js test-python

lint:
	$(SETUP) lint node
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-cache
	$(NODE) npm --prefix tests/js run --silent check
	$(BIN)/deptry adk_nb
	$(BIN)/python tools/licences.py
	$(BIN)/python tools/lists.py

format:
	$(SETUP) lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

test-js:
	$(SETUP) node
	$(NODE) node --test $(sort $(wildcard tests/js/*.test.js tests/js/*/*.test.js))

test-python:
	$(SETUP) lint node smollm2 chromium firefox
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) $(PYTEST_ARGS)

# Which branches the tests run, by module and by room, and whether that is what pyproject.toml asks
# for. PYTEST_ARGS=--fast takes the quick ones, and leaves the package's floor out.
coverage:
	$(SETUP) lint node smollm2 chromium firefox
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --cov --cov-report= $(PYTEST_ARGS)
	@$(BIN)/coverage report
	@for room in adk_nb adk_nb/*/; do \
	  if ls "$$room"/*.py >/dev/null 2>&1; then \
	    printf '%-20s %s %%\n' "$${room%/}" "$$($(BIN)/coverage report --format=total --include="$${room%/}/*.py")"; \
	  fi; \
	done
	$(BIN)/python tools/floors.py --processes $(TEST_PROCESSES) rooms $(if $(PYTEST_ARGS),,package)

# While one works on it: without the tests marked `long`, and with a tenth of the random cases.
test-fast:
	$(SETUP) lint
	ADK_NB_FUZZ_CASES=1000 $(BIN)/python -m pytest -n $(TEST_PROCESSES) --fast -m "not long" $(PYTEST_ARGS)

fuzz:
	$(SETUP) lint
	ADK_NB_FUZZ_CASES=200000 $(BIN)/python -m pytest -n $(TEST_PROCESSES) \
	  tests/fuzz tests/live/test_interleavings.py $(PYTEST_ARGS)

# Several instances, with PostgreSQL and nginx of this machine; a minute or two.
test-deploy:
	$(SETUP) deploy chromium
	$(BIN)/python -m pytest --deploy -s tests/deploy $(PYTEST_ARGS)

# In an environment of its own, as jupyter-collaboration changes every JupyterLab beside it.
test-front-ends:
	@VENV=.venv-front-ends bash tools/setup.sh front_ends node chromium firefox
	.venv-front-ends/bin/python -m pytest --front-ends tests/browser/jupyter/test_front_ends.py $(PYTEST_ARGS)

test-lowest:
	@VENV=.venv-lowest bash tools/setup.sh uv lowest smollm2
	.venv-lowest/bin/python -m pytest $(FAST) $(PYTEST_ARGS)

# The part of the tests that ADK matters to, with another release: make test-adk ADK=2.13.0
test-adk:
	@test -n "$(ADK)" || { echo 'make: name the release: make test-adk ADK=2.13.0' >&2; exit 1; }
	@VENV=.venv-adk bash tools/setup.sh newest
	.venv-adk/bin/python -m pip install --quiet "google-adk[mcp]==$(ADK)"
	.venv-adk/bin/python -m pytest $(FAST) tests/adk tests/features tests/live $(PYTEST_ARGS)

test-newest:
	@VENV=.venv-newest bash tools/setup.sh newest smollm2
	.venv-newest/bin/python -m pytest $(FAST) $(PYTEST_ARGS)

# Runs the examples of every page, then builds the pages in build/site; a warning is an error.
docs:
	$(SETUP) docs smollm2
	$(BIN)/python tools/examples.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@touch build/site/made-by-make

bench:
	$(SETUP) bench smollm2 chromium
	@for benchmark in $$(grep -l __main__ benchmarks/*.py); do \
	  echo "== $$benchmark"; $(BIN)/python "$$benchmark" $(BENCH_ARGS) || exit 1; \
	done

# Changes the code a little, and sees whether a test fails: minutes for a module, hours for all.
# MUTANTS_ARGS="adk_nb/static/sound --sample 0" chooses which, and how many of each.
mutants:
	$(SETUP) mutants node
	$(NODE) $(BIN)/python tools/mutants.py $(MUTANTS_ARGS)

lock:
	$(SETUP) uv
	$(UV_TOO) $(BIN)/python tools/lists.py lock $(LOCK_ARGS)

wheels:
	$(SETUP) uv
	$(UV_TOO) $(BIN)/python tools/lists.py wheels

clean:
	$(SETUP) clean
