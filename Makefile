# Broadsheet. `make` alone lists what there is to make.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
UV ?= uv
# Plain `=`: only the command line changes these, never a stray DATA or TO of the environment.
SEEDS = seeds
DATA = data
PORT = 3000
JOBS =
ENGINE =
SPARK_MASTER =
TO =
PAGES =
OUT =
LABELS = ../shared/eval
PAGE =
LINE =
ROLE =
PART = 0
WORK = build/bench
SIZE = 100
CSV =
ARTICLE =
JSON =
RELEASE =
# What opens the notebook; from the root, so that its links lead to the docs.
LAB = -m jupyterlab --ServerApp.root_dir=.

# Recipes read these as shell variables, so that any path, spaces and quotes included, arrives whole.
export SEEDS DATA JOBS ENGINE SPARK_MASTER PORT TO LABELS PAGES OUT PAGE LINE ROLE PART CSV ARTICLE WORK SIZE RELEASE
export DAGSTER_HOME = $(CURDIR)

VENV := .venv
PY := $(VENV)/bin/python
# What a run on a cluster needs beside (docs/cluster.md).
SPARK = $(if $(filter spark,$(ENGINE)),$(VENV)/.spark)
# Twice quiet: errors only.
PIP := $(PY) -m pip --disable-pip-version-check -qq install
NEEDED := Python 3.11 or newer with venv

.PHONY: help corpus ui notebook correct why audit rollback generations release rebuild outlet train evaluate lightgbm check test \
	soak bench docs lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

corpus: $(VENV)/.ready $(SPARK) ## read SEEDS (a folder, default seeds), write the tables to DATA (default data); JOBS processes at once
	@$(PY) -m assets corpus --seeds "$$SEEDS" --data "$$DATA" --jobs "$$JOBS" \
		--engine "$$ENGINE" --spark-master "$$SPARK_MASTER"

# `dg dev` would bring thirty more packages for the same page; hence no advice to use it instead.
ui: $(VENV)/.ready $(SPARK) ## open Dagster for SEEDS and DATA on http://127.0.0.1:PORT (default 3000)
	@BROADSHEET_SEEDS="$$SEEDS" BROADSHEET_DATA="$$DATA" BROADSHEET_JOBS="$${JOBS:-$$BROADSHEET_JOBS}" \
		BROADSHEET_ENGINE="$${ENGINE:-$$BROADSHEET_ENGINE}" \
		BROADSHEET_SPARK_MASTER="$${SPARK_MASTER:-$$BROADSHEET_SPARK_MASTER}" \
		$(PY) -W 'ignore:Function `dev_command`' -m dagster dev -h 127.0.0.1 -p "$$PORT"

notebook: $(VENV)/.notebook ## open notebooks/corpus.ipynb (Jupyter) on DATA
	@case "$$DATA" in /*) ;; *) DATA="$(CURDIR)/$$DATA" ;; esac; exec $(PY) $(LAB) notebooks/corpus.ipynb

correct: $(VENV)/.ready ## correct a line: PAGE=<page> LINE=<number> ROLE=<role>, PART=<part> where it is cut; or CSV=<file>
	@if test -n "$$CSV"; then exec $(PY) -m assets correct --seeds "$$SEEDS" --csv "$$CSV"; fi; \
	if test -z "$$PAGE" || test -z "$$LINE" || test -z "$$ROLE"; then \
		echo "make correct needs PAGE=<page> LINE=<number> ROLE=<role>, as the ledger (lines) shows them" >&2; exit 2; fi; \
	exec $(PY) -m assets correct --seeds "$$SEEDS" --data "$$DATA" --part "$$PART" -- "$$PAGE" "$$LINE" "$$ROLE"

why: $(VENV)/.ready ## tell why: ARTICLE=<id> (all its lines), or PAGE=<page> LINE=<number>; JSON=1 for scripts
	@$(PY) -m assets why --seeds "$$SEEDS" --data "$$DATA" --article "$$ARTICLE" --page "$$PAGE" --line "$$LINE" $(if $(JSON),--json)

audit: $(VENV)/.ready ## measure how often the corpus is wrong: says where to judge a sample, or CSV=<your answers>
	@$(PY) -m assets audit --data "$$DATA" $${CSV:+--csv "$$CSV"}

rollback: $(VENV)/.ready ## make the generation of DATA numbered before the live one live, or TO=<generation>
	@$(PY) -m assets rollback --data "$$DATA" $${TO:+--to "$$TO"}

generations: $(VENV)/.ready ## list the generations of DATA, and what each of them changed
	@$(PY) -m assets generations --data "$$DATA"

release: $(VENV)/.ready ## write an edition of DATA without the texts to OUT (a new folder), for sharing
	@$(PY) -m assets release --data "$$DATA" --out "$$OUT"

rebuild: $(VENV)/.ready ## write the table of RELEASE with its texts to OUT, out of your own copy of its pages (SEEDS)
	@$(PY) -m assets rebuild --release "$$RELEASE" --seeds "$$SEEDS" --out "$$OUT"

outlet: $(VENV)/.ready ## propose a profile from PAGES (a folder of one outlet's pages), print it or write it to OUT
	@$(PY) -m assets outlet --pages "$$PAGES" $${OUT:+--out "$$OUT"}

# LABELS may name several folders; these are words of the shell, so their paths hold no spaces.
train: lightgbm ## fit the line model to LABELS (labelled folders), write pipeline/model and its card
	@OMP_WAIT_POLICY=passive $(PY) -m assets train $$LABELS

evaluate: lightgbm ## print the table of figures for LABELS, each page by a model that saw none of its sites
	@OMP_WAIT_POLICY=passive $(PY) -m assets evaluate $$LABELS

# It grows the line model's trees, and leaves OpenMP to the system.
lightgbm: $(VENV)/.ready
	@$(PY) -c 'import lightgbm' 2> $(VENV)/import.log || { cat $(VENV)/import.log >&2; \
		echo "LightGBM does not load. On Debian: apt install libgomp1" >&2; exit 1; }

check: $(VENV)/.ready ## lint, format, types, and who may import whom
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { $(PY) -m ruff format --check .; exit 1; }
	@$(PY) -m mypy --no-error-summary
	@$(VENV)/bin/lint-imports --no-logo > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }

test: check lightgbm $(VENV)/.notebook $(VENV)/.spark ## check, then all tests with the coverage of pipeline
	@$(PY) -m pytest --cov --numprocesses 2 --dist loadfile

soak: $(VENV)/.ready ## the long form of the fault tests: 60 moments of a run, 200 drops with kills (half an hour)
	@BROADSHEET_SOAK=1 $(PY) -m pytest tests/assets/test_interrupted.py

bench: $(VENV)/.spark ## measure all, peers beside it (SIZE: MB, default 100, an hour or more; WORK: a folder for 8 GB)
	@$(PY) -m bench "$$WORK" --size "$$SIZE"

docs: $(VENV)/.ready ## write docs/tables.md and the columns in README.md from the declarations
	@$(PY) -m assets dictionary > docs/tables.md
	@$(PY) -m assets dictionary --readme README.md > $(VENV)/README.md && cp $(VENV)/README.md README.md

lock: ## resolve requirements.lock, notebook.lock and spark.lock again (needs uv; LOCK=--upgrade takes the newest versions)
	@command -v "$(UV)" > /dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=<path>" >&2; exit 1; }
	@"$(UV)" pip compile pyproject.toml --extra dev --output-file requirements.lock $(LOCK) --quiet \
		--universal --python-version 3.11 --no-strip-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links
	@"$(UV)" pip compile pyproject.toml --extra notebook --constraint requirements.lock --output-file notebook.lock $(LOCK) \
		--quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links
	@# Both are installed into one environment by `make test`, so they have to agree.
	@"$(UV)" pip compile pyproject.toml --extra spark --constraint requirements.lock --constraint notebook.lock \
		--output-file spark.lock $(LOCK) --quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links
	@for peer in datatrove dolma; do \
		"$(UV)" pip compile bench/peers/$$peer.in --output-file bench/peers/$$peer.txt $(LOCK) --quiet \
			--universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links || exit 1; done

clean: ## remove what can be made again: .venv and caches (never results or run history)
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: editing pyproject.toml links the project again (a second), only a new lock installs packages.
$(VENV)/.locked: requirements.lock
	@$(PYTHON) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
		echo "Broadsheet needs $(NEEDED); '$(PYTHON)' is not. Try: make PYTHON=python3.12 <target>" >&2; exit 1; }
	@echo "Setting up $(VENV), once (about a minute) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@# The locked setuptools first: langdetect comes as source and is built with it.
	@awk '/^setuptools==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/build.lock
	@$(PIP) --require-hashes -r $(VENV)/build.lock
	@$(PIP) --require-hashes --no-build-isolation -r requirements.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# Jupyter and what it brings is more than all the rest: only who opens the notebook or runs the tests waits for it.
$(VENV)/.notebook: notebook.lock $(VENV)/.ready
	@echo "Setting up Jupyter, once (about a minute) ..." >&2
	@$(PIP) --require-hashes --no-build-isolation -r notebook.lock
	@touch $@

# PySpark comes as source, half a gigabyte of it: only who runs on a cluster or runs the tests waits for it.
$(VENV)/.spark: spark.lock $(VENV)/.ready
	@echo "Setting up PySpark, once (about a minute) ..." >&2
	@$(PIP) --require-hashes --no-build-isolation -r spark.lock
	@touch $@
