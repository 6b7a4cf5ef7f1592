# Recipes use relative paths only, so that a checkout may lie in a folder with spaces in its name.
# PYTHON=/path/to/python3.12 chooses the interpreter; otherwise tools/setup.sh finds one.

PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q
PARALLEL := -n 2 --dist loadfile
# Two test processes on two cores: the linear algebra underneath must not start threads of its own.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

UPDATE_OUT := releases/scotland
RECOVERY := tests/recovery/results/scotland-100.jsonl
STUDY := $(PY) -m sbc_prevalence.recovery --config scotland --worlds 100 --seed 1 --draws 400 --tune 300 --cores 2 --out $(RECOVERY)

.DEFAULT_GOAL := help
.PHONY: help setup ready ready-to-run update test quick lint tests notebooks bench bench-update bench-sources study study-evidence release-check constraints clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name words; do \
	  printf '  make %-14s %s\n' "$$name" "$$words"; done
	@printf '%s\n' 'make itself ends with 2 whatever went wrong; the last line before its own says the exit code of the program:' \
	  '  2 data or configuration were refused, 3 the fit was refused.'

setup: ## find a Python, make .venv, install all, tests included; repairs what is broken or out of date
	@sh tools/setup.sh

ready:
	@sh tools/setup.sh --quiet

ready-to-run:
	@sh tools/setup.sh --quiet run

update: ready-to-run ## the annual update for Scotland on the figures carried: table, report, release folder
	@.venv/bin/sbc-prevalence run scotland --out $(UPDATE_OUT)

test: ready ## all that CI runs: lint, types, tests, notebooks; goes on after a failure and fails at the end
	@$(MAKE) --no-print-directory --keep-going lint tests notebooks

quick: ready ## the tests that need no real fit
	@$(ONE_THREAD) $(PYTEST) $(PARALLEL) -m "not slow and not study"

lint: ready ## ruff, direction of imports, types
	@failed=0; \
	$(PY) -m ruff check . || failed=1; \
	.venv/bin/lint-imports --no-logo || failed=1; \
	$(PY) -m mypy || failed=1; \
	exit $$failed

tests: ready ## every test but the long studies
	@$(ONE_THREAD) $(PYTEST) $(PARALLEL) -m "not study"

notebooks: ready ## execute every tutorial in notebooks/
	@rm -rf build/notebooks && mkdir -p build/notebooks && cp notebooks/looks.py build/notebooks/
	@for text in notebooks/[0-9]*.py; do \
	  $(PY) -m jupytext --quiet --to ipynb --set-kernel python3 \
	    --output "build/notebooks/$$(basename "$$text" .py).ipynb" "$$text" || exit 1; \
	done
	@$(PYTEST) -p no:xdist --timeout=1500 --nbmake --nbmake-timeout=1400 build/notebooks

bench: ready ## measure speed; results are written beside the benchmarks
	@mkdir -p benchmarks/results
	@$(PYTEST) benchmarks --benchmark-only --benchmark-json=benchmarks/results/latest.json

bench-update: ready ## time and memory of the whole update, cold and warm, against their limits (ten minutes)
	@$(PY) benchmarks/update.py

bench-sources: ready ## cost of every source of evidence, and of all together to the gate (an hour)
	@$(ONE_THREAD) $(PY) benchmarks/all_sources.py

study: ready ## the recovery study: 100 simulated worlds, resumes where it stopped (hours)
	@$(STUDY)

study-evidence: ready ## recovery of every kind of evidence and under mis-specification, in rounds; it resumes (many hours)
	@$(ONE_THREAD) nice -n 19 $(PY) tools/study_evidence.py

release-check: ready ## the recovery study is of this model; build, install apart from this checkout, use it
	@$(PY) -m sbc_prevalence.recovery --check $(RECOVERY)
	@sh tools/release_check.sh

constraints: ## resolve anew and write constraints.txt
	@sh tools/constraints.sh

clean: ## remove what tools left behind (keeps .venv and releases/)
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	@find src tests benchmarks notebooks -name __pycache__ -type d -exec rm -rf {} +
