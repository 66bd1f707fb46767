# Two commands for a stranger: `make demo` and `make test`. One for whoever changes something: `make check`.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check format lint types layers docs slow figures clean

demo: .venv/ready
	$(BIN)/tased demo

test: .venv/ready-to-develop  ## the fast tests
	$(BIN)/python -m pytest -n auto -m "not slow"

check: lint types layers docs test slow  ## everything that CI runs

format: .venv/ready-to-develop
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: .venv/ready-to-develop
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: .venv/ready-to-develop
	$(BIN)/mypy

layers: .venv/ready-to-develop
	$(BIN)/lint-imports

docs: .venv/ready-to-develop
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going -b html docs docs/_build/html

slow: .venv/ready-to-develop
	$(BIN)/python -m pytest -n auto --dist worksteal -m slow

figures: .venv/ready-to-develop  ## the pictures and tables of README and docs, from benchmarks/results
	$(BIN)/python docs/make_figures.py

clean:
	rm -rf .venv build dist demo docs/_build

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade pip
	$(PIP) --editable .
	touch $@

.venv/ready-to-develop: .venv/ready
	$(PIP) --group dev --editable ".[evaluate,train,parquet,zarr,live,otio,serve]"
	touch $@
