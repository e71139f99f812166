# `make demo` and `make test` set everything up themselves; they need python3 (3.11 or later) with venv, a C compiler,
# make and git. What they install is what requirements.txt names, by its hashes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Tests side by side: they also wait, so one more than there are processors.
WORKERS ?= $(shell expr $$(nproc) + 1)
RUN_TESTS := -m pytest -n $(WORKERS) -m "not slow" $(PYTEST)
# What the client and the daemon's front are built from: a change of it, or of the package's own build, installs again.
SOURCES := pyproject.toml hatch_build.py $(wildcard safeshell/daemon/fastpath/*.[ch] shims/*.[ch] shims/*/*.[ch])
# Why the client that was built isn't the static one, where it isn't; pip doesn't show what a build says.
NOT_STATIC := safeshell/install/native/not-static.txt
# What only maintainers run, apart from what the project itself needs.
UV := .venv-tools/bin/uv
UV_VERSION := 0.13.9
INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow test-newest test-oldest test-pythons agents test-agents test-agents-newest check lint format \
	fuzz fuzz-lines fuzz-outputs differential faults soak coverage-client docs bench bench-quick bench-gate bench-page lock audit clean

demo: $(VENV)/.ready
	$(BIN)/python docs/demo.py

test: $(VENV)/.ready
	$(BIN)/python $(RUN_TESTS)

# What the real agents are tested with, outside of the clone, by npm: gigabytes for all; AGENTS="claude-code codex" for some.
agents: $(VENV)/.ready
	$(BIN)/python tests/agents/install.py $(AGENTS)

# Every agent, each for minutes; `make test` has the two most used, where `make agents` has brought them.
test-agents: agents
	$(BIN)/python -m pytest -n 2 $(PYTEST) tests/agents

# In the versions of this day.
test-agents-newest: $(VENV)/.ready
	$(BIN)/python tests/agents/install.py --newest $(AGENTS)
	AGENTS_VERSION=newest $(BIN)/python -m pytest -n 2 $(PYTEST) tests/agents

# Properties on ten times as many examples.
test-slow: $(VENV)/.ready
	THOROUGH=10 $(BIN)/python -m pytest -n $(WORKERS) -m "slow or hypothesis" --timeout 1800 $(PYTEST)

# With the newest versions of all libraries that pyproject.toml allows, whatever the lock says.
test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python $(INSTALL) --upgrade -e '.[dev]'
	.venv-newest/bin/python $(RUN_TESTS)

# With the oldest that it allows and that have wheels for this Python. A lower bound younger than a year fails.
test-oldest: .venv-tools/uv-$(UV_VERSION)
	$(PYTHON) -m venv --clear .venv-oldest
	$(UV) pip compile --quiet --resolution lowest-direct --no-build --exclude-newer "$$(date -d '1 year ago' +%F)" \
		--python .venv-oldest/bin/python --all-extras pyproject.toml -o .venv-oldest/requirements.txt
	.venv-oldest/bin/python $(INSTALL) --only-binary :all: -r .venv-oldest/requirements.txt
	.venv-oldest/bin/python $(INSTALL) --no-deps --no-build-isolation -e .
	.venv-oldest/bin/python $(RUN_TESTS)

# With each Python from 3.11 that starts here; PYTHONS="python3.12 /opt/python" names them.
test-pythons:
	$(PYTHON) tests/pythons.py

# All that a contributor runs before committing.
check: lint test

lint: $(VENV)/.ready
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tests/lint_c.py

format: $(VENV)/.ready
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

# For so many seconds.
fuzz: $(VENV)/.ready
	$(BIN)/python tests/fuzz/drive.py $(or $(SECONDS),60)

# What lines are known to write against the real echo, printf and their kin, for so many seconds; SEED=N repeats a run.
fuzz-outputs: $(VENV)/.ready
	$(BIN)/python tests/shell/outputs_fuzz.py --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

# The judge of shell lines against bash, dash and zsh: minutes, or so many SECONDS; SEED=N makes other lines.
fuzz-lines: $(VENV)/.ready
	$(BIN)/python tests/lines/drive.py $(if $(SECONDS),--seconds $(SECONDS)) --seed $(or $(SEED),1)

# The daemon's native front against Python in random worlds, for so many seconds; SEED=N begins with that world.
differential: $(VENV)/.ready
	$(BIN)/python tests/fuzz/differential.py $(or $(SECONDS),60) $(SEED)

# Minutes, and docs/faults.md. FAULTS=--only=disk for a part, FAULTS=--json=FILE for the rows, FAULTS=--most=1000 for each call.
faults: $(VENV)/.ready
	$(BIN)/python tests/faults/drive.py $(FAULTS)

# The client's lines that a plain allowed command executes.
coverage-client: $(VENV)/.ready
	CC=gcc $(BIN)/python tests/client_lines.py

# So many commands.
soak: $(VENV)/.ready
	$(BIN)/python tests/soak.py $(or $(COMMANDS),100000)

docs: $(VENV)/.ready
	$(BIN)/python docs/findings.py
	$(BIN)/python docs/markers.py
	$(BIN)/python docs/hook_table.py

# Minutes. BENCH=--only=overhead for a part, BENCH=--json=FILE for the figures.
bench: $(VENV)/.ready
	$(BIN)/python perf/bench.py --gate $(BENCH)

bench-quick: $(VENV)/.ready
	$(BIN)/python perf/bench.py --quick --gate
	$(BIN)/python perf/gate.py --runs 100

# Against the commit that perf/BASELINE names; needs valgrind.
bench-gate: $(VENV)/.ready
	$(BIN)/python perf/gate.py

# The figures and plots of the documentation, made here and now.
bench-page: $(VENV)/.ready
	$(BIN)/python perf/bench.py --page docs/performance.md

# Keeps the versions that are in it; LOCK=--upgrade takes the newest, LOCK="--upgrade-package NAME" those of one.
lock: .venv-tools/uv-$(UV_VERSION)
	$(UV) pip compile --quiet --universal --generate-hashes --all-extras --python-version 3.11 --no-build \
		--custom-compile-command "make lock" $(LOCK) pyproject.toml -o requirements.txt

# Known vulnerabilities of what the lock names, on any system and Python; fails for what could not be looked up.
audit: .venv-tools/bin/pip-audit
	.venv-tools/bin/python .ci/audit.py requirements.txt

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("SafeShell needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.ready: $(VENV)/.python requirements.txt $(SOURCES)
	$(BIN)/python $(INSTALL) --require-hashes -r requirements.txt
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@[ ! -e $(NOT_STATIC) ] || echo "the client is not the static one, a command costs more: $$(cat $(NOT_STATIC))" >&2
	touch $@

.venv-tools/uv-$(UV_VERSION):
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python $(INSTALL) uv==$(UV_VERSION)
	touch $@

.venv-tools/bin/pip-audit:
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python $(INSTALL) pip-audit

clean:
	rm -rf .venv .venv-* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f safeshell/install/native/safeshell-* $(NOT_STATIC)
