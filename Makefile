# Notorious: from a folder of music to a DJ mix.
#
#   make mix MUSIC=~/Music OUT=mix.flac     a mix of your music (ARGS="--minutes 60 --curve wave" for more)
#   make mix                                a mix of a synthesised demo crate
#   make serve DROP=FOLDER                  the service on this machine: API, WebSockets, a folder to drop music into
#   make setup-models                       networks that help to hear (40 MB to fetch, 11 MB to keep)
#   make test                               everything that is checked
#   make test-stems                         the separation of stems, with torch (a gigabyte more)
#   make accuracy DATA=DIR                  how well music of known truth is heard (ARGS=--per-track for every track)
#   make bench | lint | demo | clean
#
# Needs Python 3.11 or later and make. Everything goes into .venv in this folder.

OUT ?= mix.flac
DEMO ?= demo
ARGS ?=
PYTEST_ARGS ?= -n 2
VENV := .venv
BIN := $(VENV)/bin
# Paths reach the shell through the environment: they may hold blanks and quotes.
export MUSIC OUT DEMO DATA DROP VENV

# The first Python that is new enough; PYTHON=... names one.
FIND_PYTHON = for candidate in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11; do \
	if [ -n "$$candidate" ] && command -v "$$candidate" >/dev/null 2>&1 \
	&& "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$candidate"; break; fi; done; \
	if [ -z "$$found" ]; then echo "Notorious needs Python 3.11 or later; install it, or name one: make PYTHON=/path/to/python3" >&2; \
	exit 1; fi

.PHONY: mix serve demo setup-models test test-stems accuracy bench lint events template clean environment test-environment
.DEFAULT_GOAL := help

.PHONY: help
help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

environment: $(VENV)/.engine
test-environment: $(VENV)/.test

$(VENV)/.engine: pyproject.toml requirements/engine.lock requirements/bootstrap.py
	@$(FIND_PYTHON); "$$found" requirements/bootstrap.py $(VENV) --extras m4a --lock requirements/engine.lock
	@touch $@

$(VENV)/.test: $(VENV)/.engine requirements/test.lock
	@$(FIND_PYTHON); "$$found" requirements/bootstrap.py $(VENV) --extras m4a,networks,serve,infra,test --lock requirements/test.lock
	@touch $@ $(VENV)/.networks $(VENV)/.serve

$(VENV)/.networks: $(VENV)/.engine
	@$(FIND_PYTHON); "$$found" requirements/bootstrap.py $(VENV) --extras m4a,networks --lock requirements/engine.lock
	@touch $@

$(VENV)/.serve: $(VENV)/.engine requirements/test.lock
	@$(FIND_PYTHON); "$$found" requirements/bootstrap.py $(VENV) --extras m4a,serve --lock requirements/test.lock
	@touch $@

# The service on this machine; DATA=DIR keeps its data (else ./data), DROP=FOLDER is watched for music.
serve: $(VENV)/.serve
	@$(BIN)/notorious serve --data "$${DATA:-data}" $${DROP:+--drop "$$DROP"} $(ARGS)

mix: environment
	@if [ -n "$$MUSIC" ]; then music="$$MUSIC"; else music="$$DEMO"; \
	[ -e "$$music" ] || $(BIN)/notorious demo "$$music"; fi; \
	$(BIN)/notorious mix "$$music" -o "$$OUT" $(ARGS)

demo: environment
	$(BIN)/notorious demo "$$DEMO" $(ARGS)

setup-models: $(VENV)/.networks
	$(BIN)/notorious models install $(ARGS)

lint: test-environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases functions
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest $(PYTEST_ARGS)

$(VENV)/.stems: $(VENV)/.test requirements/stems.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements/stems.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -r requirements/demucs.txt
	@touch $@

test-stems: $(VENV)/.stems
	NOTORIOUS_STEMS=1 $(BIN)/python -m pytest $(PYTEST_ARGS) tests/stems

# The schemas in events/ as the models of today have them; tests hold the two together.
events: environment
	$(BIN)/python -m notorious.eventstore.schemas events

# What `notorious serve` deploys, as infra/ describes it today; a test holds the two together.
template: test-environment
	$(BIN)/python -m infra.template

accuracy: test-environment
	@[ -n "$$DATA" ] || { echo "Name a folder of music with its truth: make accuracy DATA=DIR (see tests/accuracy/truth.py)" >&2; exit 2; }
	$(BIN)/python tests/accuracy/run.py "$$DATA" $(ARGS)

bench: test-environment
	$(BIN)/python tests/bench/run.py $(ARGS)

clean:
	rm -rf $(VENV) build dist shared/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find shared tests requirements -name __pycache__ -type d -prune -exec rm -rf {} +
