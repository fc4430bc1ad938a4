# Two commands do everything: `make demo` and `make test`. See README.md.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
LOCK   := .ci/requirements.lock
DEMO   := demo
COURSES := $(patsubst assignments/%/assignment.yaml,%,$(wildcard assignments/*/assignment.yaml))

# Tests wait for other processes: with half as many more workers than cores, the cores work meanwhile.
WORKERS := $(shell echo $$(( $$(env -u OMP_NUM_THREADS nproc) * 3 / 2 )))

# One BLAS thread per process: student code, tests and the reference all run side by side.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help setup demo test lint types unit validate bench prove experiments release lock clean

help:
	@echo 'make setup     the environment in $(VENV)/ and the sandbox; `grader` is then $(BIN)/grader'
	@echo 'make demo      set everything up and grade a bundled class'
	@echo 'make test      set everything up and run every check of the project'
	@echo 'make bench     measure speed and memory beside other graders: an hour; one workload: python -m tests.benchmarks NAME'
	@echo 'make prove     prove the checks: 50 seeds, about half an hour on two processors; goes on where it stopped'
	@echo 'make experiments  run what the five documents claim on real data (long)'
	@echo 'make release   regenerate what students receive, and the sample submissions'

setup: $(STAMP) sandbox

$(STAMP): $(LOCK) pyproject.toml
	@.ci/setup "$(PYTHON)" "$(VENV)" "$(LOCK)"
	@touch $@

.PHONY: sandbox browser oracle
sandbox:
	@.ci/need bwrap bubblewrap 'the sandbox that student code runs in'

browser:
	@.ci/need chromium chromium 'the browser that the report tests open pages in'

oracle: $(STAMP)
	@.ci/oracle "$(BIN)"

demo: setup
	@set -e; for course in $(COURSES); do \
	    echo "== $$course"; \
	    $(BIN)/grader run assignments/$$course assignments/$$course/samples --verdicts --seed 231 \
	        --out $(DEMO)/$$course --state $(DEMO)/.grader; \
	    echo; \
	done; \
	echo "Open $(DEMO)/*/index.html in a browser."

test: setup browser checked unit validate

# The oracle is installed on one processor while the other one checks types.
.PHONY: checked
checked: $(STAMP)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target oracle lint types

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

# A file's tests stay together, for they share a graded class.
unit: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# One course after the other: each keeps all processors busy, and what a busy machine is late with is told in other words. Two at a
# time, with one slot each, gain nothing: a sample that never ends holds a course's only slot.
validate: setup
	@$(MAKE) --no-print-directory $(COURSES:%=validate-%)

.PHONY: $(COURSES:%=validate-%)
$(COURSES:%=validate-%): validate-%:
	@$(BIN)/grader validate assignments/$*

prove: setup
	$(BIN)/python -m tests.assignments.prove

bench: setup
	$(BIN)/python -m tests.benchmarks

# Every experiment of the five documents, on the data that GRADECHECK_DATA names: seven CPU minutes on one core.
experiments: $(STAMP)
	$(BIN)/python -m tests.benchmarks.experiments

release: setup
	@set -e; for course in $(COURSES); do $(BIN)/grader release assignments/$$course; done

lock:
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra cluster --extra postgres --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --quiet --output-file $(LOCK)

clean:
	rm -rf $(VENV) $(DEMO) .grader .mypy_cache .ruff_cache .pytest_cache
