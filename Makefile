# Parity: everything starts here. `make` alone lists what there is.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup compare test mutants fuzz resilience check lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "  After setup: .venv/bin/parity --help"

setup: $(INSTALLED) ## Install everything, from locked versions, into .venv

compare: setup ## Verify, load and compare FastAPI and Flask; leaves a report in results/
	$(BIN)/parity compare --quick

test: setup ## Run the whole test suite
	@$(BIN)/python -m pytest -n 4 || { test $$? -eq 1 && echo "Four ran at a time on this machine; what failed, once more, alone:" && \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures=none --maxfail=1; }

mutants: setup ## Break the servers in one place each, and see that the suite notices every time
	$(BIN)/python -m tests.mutants

fuzz: setup ## Send FastAPI and Flask (gevent) the same 50,000 generated and damaged requests each, and compare every answer
	$(BIN)/python -m tests.fuzz --requests 100000

resilience: setup ## Measure what the servers survive (faults, drain, slow peers, half an hour of load), and write docs/resilience
	$(BIN)/python -m tests.resilience --store

check: setup ## Run the linters: style, types, walls between the folders, dead links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.links

lock: setup ## Lock the newest versions that pyproject.toml allows, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --extra dev --output-file requirements.lock pyproject.toml
	for image in server load; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --constraint requirements.lock \
		--output-file deploy/requirements/$$image.lock deploy/requirements/$$image.in || exit 1; done

clean: ## Remove what the commands above made, results excepted
	rm -rf .venv .parity .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is " + sys.version.split()[0] + ": run make PYTHON=python3.12, say")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
