# Every target sets up what it needs by itself. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# What Python compiles is kept, whatever the shell says: each start of the service is seconds quicker for it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup debian check format docs quick test smoke demo crash-matrix bench-engine bench-graph bench-transfer bench-verify bench-time-left bench-tools lock clean

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

# More than half of their time they wait, for nodes, browsers and services: four workers keep two cores busy.
test: setup debian ## all tests
	$(BIN)/pytest -n 4 --dist loadscope $(ARGS)

debian: ## what the tests use of Debian's: chromium, softhsm2, openssh, sudo, debootstrap, promtool, podman, skopeo, docker, monitoring-plugins; installed where that is possible (root)
	@missing=""; \
	command -v chromium >/dev/null 2>&1 || missing="$$missing chromium"; \
	command -v softhsm2-util >/dev/null 2>&1 || missing="$$missing softhsm2"; \
	[ -x /usr/sbin/sshd ] || missing="$$missing openssh-server"; \
	command -v ssh-agent >/dev/null 2>&1 || missing="$$missing openssh-client"; \
	command -v sudo >/dev/null 2>&1 || missing="$$missing sudo"; \
	command -v ip >/dev/null 2>&1 || missing="$$missing iproute2"; \
	command -v promtool >/dev/null 2>&1 || missing="$$missing prometheus"; \
	[ -x /usr/lib/nagios/plugins/check_disk ] || missing="$$missing monitoring-plugins-basic"; \
	command -v debootstrap >/dev/null 2>&1 || missing="$$missing debootstrap"; \
	command -v podman >/dev/null 2>&1 || missing="$$missing podman"; \
	command -v skopeo >/dev/null 2>&1 || missing="$$missing skopeo"; \
	command -v dockerd >/dev/null 2>&1 || missing="$$missing docker.io"; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			echo "installing$$missing"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
		else \
			echo "Missing, and not to be installed as this user:$$missing. The tests that need them will be skipped. On Debian: sudo apt-get install$$missing" >&2; \
		fi; \
	fi

bench-transfer: setup bench-tools ## bytes to carry with deltas, beside other tools; last line is JSON; half an hour
	@$(BIN)/python -m tools.bench_transfer $(ARGS)

bench-verify: setup ## how fast a package of 1 GiB is verified, and with how much memory; last line is JSON
	@$(BIN)/python -m tools.bench_verify $(ARGS)

bench-time-left: setup ## how far the time left that runs show is from what they take; last line is JSON; ten minutes
	@PYTHONPATH=examples $(BIN)/python -m tools.bench_time_left $(ARGS)

bench-tools: ## what deltas are measured beside: casync, xdelta3, zstd; installed where that is possible (root)
	@missing=""; \
	for program in casync xdelta3 zstd; do \
		command -v $$program >/dev/null 2>&1 || missing="$$missing $$program"; \
	done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			echo "installing$$missing to measure beside" >&2; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
		else \
			echo "Not here, and no way to install it as this user:$$missing. It is left out. On Debian: sudo apt-get install$$missing" >&2; \
		fi; \
	fi

.PHONY: bench-logs
bench-logs: setup ## collect 1 GiB of logs from four nodes, with secrets removed; last line is JSON; minutes
	@PYTHONPATH=examples $(BIN)/python -m tools.bench_logs $(ARGS)

bench-engine: setup debian ## a run over 16, 64 and 256 nodes, beside Ansible and bare asyncssh; last line is JSON; half an hour
	@$(BIN)/python -m tools.bench_engine $(ARGS)

.PHONY: eval-known-issues
eval-known-issues: setup ## how well failures are matched with the known issues of examples/known_issues; last line is JSON
	@$(BIN)/pitstop issue evaluate examples/known_issues/catalogue.toml examples/known_issues/cases.jsonl $(ARGS)

crash-matrix: setup ## a run killed, paused, cut off, ... at every point must end the same; last line is JSON; an hour (ARGS="--every 20 --random 100 --progress FILE")
	@PYTHONPATH=.:examples:tests $(BIN)/python -m tools.crash_matrix $(ARGS)

bench-graph: setup ## how long the release graph takes to build, plan and explain; last line is JSON
	@$(BIN)/python -m tools.bench_graph $(ARGS)

lock: setup ## pin the dependencies anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet requirements/ansible.in -o requirements/ansible.txt

demo: setup ## bring everything up on this machine: two publishers, four nodes, the service (ARGS="--fail n3")
	@PYTHONPATH=examples $(BIN)/python -m demo $(ARGS)

smoke: setup ## the demo without a screen: install one update over four nodes; last line is JSON
	@PYTHONPATH=examples $(BIN)/python -m demo.smoke $(ARGS)

.PHONY: demo-machines
demo-machines: setup debian ## the demo on four machines with a Debian each, in namespaces (root; ARGS="--fail n3")
	@PYTHONPATH=examples $(BIN)/python -m machines $(ARGS)

clean: ## remove what the targets made
	rm -rf $(VENV) .demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
