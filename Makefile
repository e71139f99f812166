# `make demo` and `make test` set everything up themselves; they need python3 (3.11 or later) with venv, a C compiler,
# make and git.

PYTHON ?= python3
BIN := .venv/bin
# What the client and the daemon's front are built from: a change of it, or of the package's own build, installs again.
SOURCES := pyproject.toml hatch_build.py safeshell/daemon/front.c $(wildcard shims/*.c shims/*.h)

.PHONY: demo test test-slow lint format fuzz soak docs bench bench-quick bench-gate bench-page clean

demo: .venv/.run
	$(BIN)/python docs/demo.py

test: .venv/.dev
	$(BIN)/pytest -n 2 -m "not slow" $(PYTEST)

# Properties on ten times as many examples.
test-slow: .venv/.dev
	THOROUGH=10 $(BIN)/pytest -n 2 -m "slow or hypothesis" --timeout 1800 $(PYTEST)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# For so many seconds.
fuzz: .venv/.dev
	$(BIN)/python tests/fuzz/drive.py $(or $(SECONDS),60)

# So many commands.
soak: .venv/.dev
	$(BIN)/python tests/soak.py $(or $(COMMANDS),100000)

docs: .venv/.run
	$(BIN)/python docs/findings.py

# Minutes. BENCH=--only=overhead for a part, BENCH=--json=FILE for the figures.
bench: .venv/.run
	$(BIN)/python perf/bench.py --gate $(BENCH)

bench-quick: .venv/.run
	$(BIN)/python perf/bench.py --quick --gate
	$(BIN)/python perf/gate.py --runs 100

# Against the commit that perf/BASELINE names; needs valgrind.
bench-gate: .venv/.run
	$(BIN)/python perf/gate.py

# The figures and plots of the documentation, made here and now.
bench-page: .venv/.bench
	$(BIN)/python perf/bench.py --page docs/performance.md

.venv/.python:
	$(PYTHON) -c 'import sys; sys.exit("SafeShell needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.python $(SOURCES)
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/.dev: .venv/.run
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

.venv/.bench: .venv/.run
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis safeshell/native/safeshell-shim
