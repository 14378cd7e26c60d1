# All targets use the virtual environment .venv, which is created from the versions in constraints.txt when it is needed.
# Requirements are make and Python 3.11 to 3.14; BASE_PYTHON=... selects an interpreter.

KEEP ?=
DAG ?= example_model_to_production
MODELS ?= 30
BASE_PYTHON ?=
SHORT ?=
PROTECTION ?= on
ROWS ?=
AIRFLOW ?=

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
SUITES := unit contract parity faults audit system
# One more than there are cores, because many tests wait for a server.
WORKERS ?= 3
# Only the root is named, because the controller of pytest-xdist imports the conftest.py of every folder that is named.
DISTRIBUTED = -n $(WORKERS) --dist loadgroup --no-loadscope-reorder --ignore=tests/browser --ignore=tests/crash --ignore=tests/packaging \
	--ignore=tests/peers --ignore=$(OFFICIAL_TESTS) tests
# The stamp contains the folder of the environment. The environment is created again if the folder was moved, or if its
# Python interpreter no longer exists.
STAMP := $(VENV)/.made-for
MADE_FOR := $(shell $(BIN)/python -c 'print(open("$(STAMP)").read())' 2>/dev/null)
SOUND := $(findstring <$(CURDIR)>,<$(MADE_FOR)>)

# DataRobot's own client has a separate environment, because it requires a different pandas.
OFFICIAL := .venv-official-client
OFFICIAL_TESTS := tests/official_client
OFFICIAL_STAMP := $(OFFICIAL)/.made-for
OFFICIAL_SOUND := $(shell $(OFFICIAL)/bin/python -c 'print("yes")' 2>/dev/null)

# The benchmarks have a separate environment with the other providers. DataRobot's own provider needs Airflow 2; if that
# cannot be installed, it is not measured, and test-peers fails.
BENCH := .venv-bench
BENCH_STAMP := $(BENCH)/.made-for
BENCH_FOR := $(shell $(BENCH)/bin/python -c 'print(open("$(BENCH_STAMP)").read())' 2>/dev/null)
BENCH_SOUND := $(findstring <$(CURDIR)>,<$(BENCH_FOR)>)
AIRFLOW_2 := .venv-bench-airflow-2
AIRFLOW_2_STAMP := $(AIRFLOW_2)/.made-for
AIRFLOW_2_SOUND := $(shell $(AIRFLOW_2)/bin/python -c 'print("yes")' 2>/dev/null)

# The browser tests and the screenshots add Playwright to .venv. Playwright uses the Chromium of the system.
CHROMIUM ?= chromium
BROWSER_STAMP := $(VENV)/.browser

# The demonstration at scale has a separate environment with Celery, database drivers and an S3 emulator.
SCALE := .venv-scale
SCALE_PINS := demo/scale/constraints.txt
SCALE_STAMP := $(SCALE)/.made-for
SCALE_MADE_FOR := $(shell $(SCALE)/bin/python -c 'print(open("$(SCALE_STAMP)").read())' 2>/dev/null)
SCALE_SOUND := $(findstring <$(CURDIR)>,<$(SCALE_MADE_FOR)>)

# The tests, the demonstration and the benchmarks start dozens of Python processes. Without files of bytecode, each of
# them compiles the package again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo demo-scale test test-all test-official-client test-peers lint types import-rules $(SUITES) clean remake

help: ## show this help
	@echo "usage: make [target]"
	@awk -F ':.*## ' '/^[a-z$$().A-Z -]+:.*## / {printf "  %-21s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  unit, contract, parity, faults, audit, system    one test suite"

venv: $(STAMP) ## create or update the virtual environment .venv

demo: TIME_SCALE ?= 0.5
demo: $(STAMP) ## run an example DAG in a real Airflow (KEEP=1: keep it running, TIME_SCALE=5: slower jobs, DAG=<name> or DAG=all)
	@$(BIN)/python -m demo --dag $(DAG) --time-scale $(TIME_SCALE) $(if $(filter-out 0,$(KEEP)),--keep)

demo-scale: TIME_SCALE ?= 1
demo-scale: $(SCALE_STAMP) ## map the pipeline over many models on a distributed Airflow and kill two processes halfway (MODELS=30)
	@$(SCALE)/bin/python -m demo.scale --models $(MODELS) --time-scale $(TIME_SCALE)

# The type checker runs beside the tests, most of which wait.
WITH_TYPES = @$(MAKE) --no-print-directory types & types=$$!; $(MAKE) --no-print-directory lint import-rules &&

test: $(STAMP) ## run every check and the tests, without combinations beyond the pairwise selection (about 6 minutes)
	$(WITH_TYPES) $(PYTEST) $(DISTRIBUTED) -m 'not full'; tests=$$?; wait $$types && exit $$tests

test-all: $(STAMP) ## run every check and every test: all combinations, the official client, the whole crash matrix
	$(WITH_TYPES) $(PYTEST) $(DISTRIBUTED); tests=$$?; wait $$types && exit $$tests
	@$(MAKE) --no-print-directory test-official-client test-wheel test-crash

test-official-client: $(STAMP) $(OFFICIAL_STAMP) ## test the emulator with DataRobot's own Python client
	@echo "== tests: official_client"
	@EMULATOR_PYTHON='$(CURDIR)/$(BIN)/python' $(OFFICIAL)/bin/python -m pytest -c $(OFFICIAL_TESTS)/pytest.ini $(OFFICIAL_TESTS)

test-peers: test-official-client $(AIRFLOW_2_STAMP) ## test the emulator with DataRobot's own provider in Airflow 2, and its client
	@echo "== tests: peers"
	@$(PYTEST) tests/peers

.PHONY: dist test-wheel
dist: $(STAMP) ## build the sdist and the wheel in dist/, check their metadata and contents
	@echo "== dist: build, twine check, check-wheel-contents"
	@rm -rf build dist *.egg-info
	@$(BIN)/python -m build --quiet
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/check-wheel-contents dist/*.whl

test-wheel: dist ## install the wheel in a new environment with only Airflow, and test it there
	@echo "== tests: packaging"
	@$(PYTEST) tests/packaging

lint: $(STAMP) ## check style and format
	@echo "== lint: ruff check, ruff format --check"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP) ## check types
	@echo "== types: mypy --strict"
	@$(BIN)/mypy --strict -p datarobot_provider -p harness -p demo -p benchmarks

.PHONY: docs
docs: $(STAMP) ## generate docs/reference, docs/coverage.md and the tables of docs/emulator.md and docs/migrating.md
	@$(BIN)/python docs/generate.py

.PHONY: site
site: $(STAMP) ## build the documentation into site/; fails on every warning
	@echo "== site: mkdocs build --strict"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "site/index.html"

.PHONY: test-browser screenshots chromium
test-browser: chromium $(BROWSER_STAMP) ## test Airflow's UI in Chromium: connection form, Trigger form, links, logs
	@echo "== tests: browser"
	@CHROMIUM='$(CHROMIUM)' $(PYTEST) tests/browser

screenshots: chromium $(BROWSER_STAMP) site ## take the pictures of the documentation in Chromium: docs/images
	@CHROMIUM='$(CHROMIUM)' $(BIN)/python -m demo.screenshots
	@CHROMIUM='$(CHROMIUM)' $(BIN)/python -m demo.screenshots --page site/index.html documentation

chromium:
	@command -v '$(CHROMIUM)' >/dev/null || { \
		echo "Chromium is required. On Debian: apt-get install --no-install-recommends chromium fonts-inter fonts-liberation" >&2; \
		exit 1; \
	}

.PHONY: test-crash reliability
test-crash: $(STAMP) ## kill Airflow processes at every step (SHORT=1: main tasks only, PROTECTION=off: without the task state store)
	@echo "== tests: crash"
	@CRASH_SHORT='$(filter-out 0,$(SHORT))' CRASH_PROTECTION='$(PROTECTION)' $(PYTEST) tests/crash

reliability: $(STAMP) ## run all crash tests with and without protection and write docs/reliability.md
	@$(BIN)/python -m tests.crash.reliability

.PHONY: test-matrix matrix-constraints
test-matrix: $(STAMP) ## run the tests on Airflow 3.0 to 3.3 and write docs/compatibility.md (AIRFLOW="3.0 3.3": only these)
	@$(BIN)/python -m tests.matrix run $(AIRFLOW)

matrix-constraints: $(STAMP) ## resolve the versions of tests/matrix/constraints-*.txt again, each as of its own date
	@$(BIN)/python -m tests.matrix constraints $(AIRFLOW)

.PHONY: bench
bench: $(BENCH_STAMP) $(OFFICIAL_STAMP) $(AIRFLOW_2_STAMP) ## run the benchmarks and write docs/performance.md (ROWS="waiting imports": only these)
	@$(BENCH)/bin/python -m benchmarks $(ROWS)

import-rules: $(STAMP) ## check the import rules
	@echo "== import-rules: lint-imports"
	@$(BIN)/lint-imports

$(SUITES): $(STAMP)
	@echo "== tests: $@"
	@$(PYTEST) tests/$@

clean: ## remove all generated files, including the virtual environments
	rm -rf $(VENV) .venv-airflow-* .debian-* $(OFFICIAL) $(BENCH) $(AIRFLOW_2) $(SCALE)
	rm -rf .demo build dist site *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

remake:

$(STAMP): constraints.txt pyproject.toml setup.cfg datarobot_provider/__init__.py $(if $(SOUND),,remake)
	@set -eu; base=; \
	if [ -z "$(SOUND)" ]; then \
		for candidate in $(if $(BASE_PYTHON),"$(BASE_PYTHON)",python3.11 python3.12 python3.13 python3.14 python3); do \
			if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then \
				base=$$candidate; break; \
			fi; \
		done; \
		if [ -z "$$base" ]; then \
			echo "Python 3.11 to 3.14 is required, but none is on the PATH. Set BASE_PYTHON=/path/to/python." >&2; \
			exit 1; \
		fi; \
		if ! "$$base" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$base cannot create virtual environments. On Debian and Ubuntu, install the package python3-venv." >&2; \
			exit 1; \
		fi; \
	fi; \
	"$${base:-$(BIN)/python}" -m harness.environment $(VENV) --pins constraints.txt $(if $(SOUND),--update) \
		-e '.[emulator]' --group dev

$(BROWSER_STAMP): $(STAMP)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt --group browser
	@touch $(BROWSER_STAMP)

$(SCALE_STAMP): constraints.txt $(SCALE_PINS) pyproject.toml setup.cfg $(if $(SCALE_SOUND),,remake) | $(STAMP)
	@$(if $(SCALE_SOUND),$(SCALE),$(VENV))/bin/python -m harness.environment $(SCALE) --pins constraints.txt \
		--pins $(SCALE_PINS) $(if $(SCALE_SOUND),--update) -e '.[emulator]' --group scale

$(OFFICIAL_STAMP): $(OFFICIAL_TESTS)/constraints.txt $(if $(OFFICIAL_SOUND),,remake) | $(STAMP)
	@$(BIN)/python -m harness.environment $(OFFICIAL) -r $(OFFICIAL_TESTS)/constraints.txt

$(BENCH_STAMP): benchmarks/constraints.txt pyproject.toml $(if $(BENCH_SOUND),,remake) | $(STAMP)
	@$(BIN)/python -m harness.environment $(BENCH) --pins benchmarks/constraints.txt -e '.[emulator]' --group bench

$(AIRFLOW_2_STAMP): benchmarks/constraints-airflow-2.txt $(if $(AIRFLOW_2_SOUND),,remake) | $(STAMP)
	-@$(BIN)/python -m harness.environment $(AIRFLOW_2) -r benchmarks/constraints-airflow-2.txt || rm -rf $(AIRFLOW_2)
