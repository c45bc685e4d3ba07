PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# auto: the build for CPUs on Linux without a GPU. cpu, or any: what pip finds. See tools/torch.sh.
TORCH ?= auto
TESTS := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: demo test check lint format bench clean

# Grade the reference solutions, the untouched exercises, and a submission that is all zeros.
demo: $(VENV)/installed
	@mkdir -p reports
	$(BIN)/grader grade solutions --isolation best --json reports/solutions.json
	$(BIN)/grader grade exercises --isolation best --json reports/exercises.json --brief
	$(BIN)/grader dev zeros reports/zeros
	$(BIN)/grader grade reports/zeros --isolation best --json reports/zeros.json --brief
	@echo "The score reports are in reports/: solutions.json, exercises.json, zeros.json."

# A few minutes: of what is exhaustive, a sample.
test: $(VENV)/installed-dev
	$(TESTS) -m "not exhaustive"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/grader sync --check

# Exactly what CI runs: all tests, what is exhaustive included.
check: lint test
	$(TESTS) -m exhaustive

# Ratios, side by side: about ten minutes on a machine that does nothing else.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11: run make PYTHON=python3.11 (or newer)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/torch: constraints.txt | $(VENV)/bin/python
	@sh tools/torch.sh $(BIN)/python $(TORCH)
	@touch $@

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) reports
