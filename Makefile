# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# Linux without a GPU: TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu" saves gigabytes.
TORCH ?= torch==2.13.0
PORT ?= 8000

.PHONY: demo test lint types layers setup bench bench-all bench-models notebook fuzz openapi roles screenshots clean help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(VENV)/.ready  ## virtual environment with the locked dependencies

$(VENV)/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: setup  ## a generated programme, trained, scored and served on http://127.0.0.1:8000
	$(BIN)/allywise demo --port $(PORT)

test: setup lint  ## static checks and all tests
	$(BIN)/python -m pytest -n 2 -q

lint: setup  ## ruff, mypy, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.bench: $(VENV)/.ready pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

bench: $(VENV)/.bench  ## how fast it is beside peers and floors: the tables of docs/performance.md
	$(BIN)/python -m benchmarks speed --write docs/performance

bench-all: $(VENV)/.bench  ## every benchmark there is, hours
	$(BIN)/python -m benchmarks

bench-models: setup  ## the six public tables and the generated worlds
	$(BIN)/python -m benchmarks models

fuzz: setup  ## Schemathesis over the whole API, on SQLite and on PostgreSQL
	$(BIN)/python -m tests.fuzz --database sqlite
	$(BIN)/python -m tests.fuzz --database postgresql

openapi: setup  ## write docs/openapi.json and the typed client from the code
	$(BIN)/python -m api.openapi docs/openapi.json
	$(BIN)/python -m api.client allywise_client

roles: setup  ## write the table of who may call what into docs/roles.md
	$(BIN)/python -m api.permissions docs/roles.md

screenshots: setup  ## pictures of all pages with the demo programme, into docs/screenshots
	$(BIN)/python -m benchmarks.screenshots

clean:  ## remove the environment and built things, keep data
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
