# The two commands are `make run` and `make test`; `make help` lists the rest.
PYTHON ?= python3
SERVE ?= 1
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run audits test faults case check format bench pin clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  SERVE=0 make run   stop before serving        MHC_HOME=DIR make run   keep everything in DIR"

setup: .venv/.installed  ## create .venv and install the project into it
	@:

run: .venv/.installed  ## set up, database, demo world or own data, mirror, notebooks, dashboards
	@$(BIN)/mhc run $(if $(filter 0,$(SERVE)),--no-serve)

audits: .venv/.installed  ## run every notebook and write the reports
	@$(BIN)/mhc audit all

test: .venv/.installed-dev  ## everything that proves it works, in a real database and a real browser
	@sh tools/chromium.sh
	@sh tools/strace.sh
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(PYTEST)

faults: .venv/.installed-dev  ## kill, cut off and lie to everything that writes, at every call
	@sh tools/strace.sh
	@$(BIN)/python -m faults
	@ALL_FAULTS=1 $(BIN)/python -m pytest -q -n 2 tests/integration/storage/test_s3_faults.py

SCALE ?= 1
case: .venv/.installed-dev  ## half a million files set right and taken back, found beside planted; SCALE=1/100 is quick
	@$(BIN)/python -m case $(SCALE)

check: .venv/.installed-dev  ## format, lint, types, layers, SQL, notebooks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint --disable-progress-bar queries
	@$(BIN)/nbstripout --keep-id --verify notebooks/*/*.ipynb

format: .venv/.installed-dev  ## put code, SQL and notebooks into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/sqlfluff fix --disable-progress-bar queries
	@$(BIN)/nbstripout --keep-id notebooks/*/*.ipynb

bench: .venv/.installed-dev  ## measure what is promised, as ratios in one run
	@$(BIN)/python -m bench

pin: .venv/.installed-dev  ## choose the pinned versions anew, for every Python from 3.11.0 on
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11.0 --no-header --no-annotate \
		--extra dev pyproject.toml --output-file constraints.txt

clean:  ## remove .venv; your data in MHC_HOME stays
	rm -rf .venv

.venv/.installed: pyproject.toml constraints.txt tools/setup.sh
	@PYTHON=$(PYTHON) sh tools/setup.sh .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@PYTHON=$(PYTHON) sh tools/setup.sh '.[dev]'
	@touch $@
