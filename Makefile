# Every target sets up what it needs by itself. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup browser check format docs quick test smoke demo bench-graph lock clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the virtual environment (pinned, with hashes)

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

check: setup ## formatting, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## put the sources into shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: setup ## write the reference pages that are made from the code
	$(BIN)/python -m tools.reference

quick: setup ## the tests of a minute
	$(BIN)/pytest -q -n 2 -m "not slow and not browser" $(ARGS)

test: setup browser ## all tests
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

browser: ## a browser for the browser tests: installed where that is possible (root on Debian)
	@command -v chromium >/dev/null 2>&1 || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			echo "installing chromium for the browser tests"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
		else \
			echo "No chromium here and no way to install it as this user: the browser tests will be skipped. On Debian: sudo apt-get install chromium" >&2; \
		fi; }

bench-graph: setup ## how long the release graph takes to build, plan and explain; last line is JSON
	@$(BIN)/python -m tools.bench_graph $(ARGS)

lock: setup ## pin the dependencies anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra dev pyproject.toml -o requirements/dev.txt

demo: setup ## bring everything up on this machine: two publishers, four nodes, the service (ARGS="--fail n3")
	@PYTHONPATH=examples $(BIN)/python -m demo $(ARGS)

smoke: setup ## the demo without a screen: install one update over four nodes; last line is JSON
	@PYTHONPATH=examples $(BIN)/python -m demo.smoke $(ARGS)

clean: ## remove what the targets made
	rm -rf $(VENV) .demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
