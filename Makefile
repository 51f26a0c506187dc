# Meristem: `make run` and `make test` set up what they need on a fresh machine.
PY ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
VENV ?= .venv
PIP_ARGS ?=
DEMO ?= demo
WORKERS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -q -c constraints.txt $(PIP_ARGS)
# One thread per process: more collapse on shared cores (docs/performance.md).
export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY ?= PASSIVE
export THP_MEM_ALLOC_ENABLE ?= 1
# Compiled once, not in every process: each command and each worker is seconds shorter.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-all check bench docs clean wheel format

run: $(VENV)/.run  ## the main job on built-in data, to an HTML report and a selection
	$(BIN)/meristem simulate shoot-branching --out $(DEMO) --force
	$(BIN)/meristem run $(DEMO)/meristem.toml
	$(BIN)/meristem select $(DEMO)/run

test: $(VENV)/.dev  ## tests, doctests, then the wheel in a fresh environment
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(MAKE) wheel

test-all: $(VENV)/.dev  ## the slow tests too, and how much of the code they reach
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "slow or not slow" \
		--cov --cov-report=term:skip-covered --cov-fail-under=90
	$(MAKE) wheel

check: $(VENV)/.dev  ## format, lint, import contract, types, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(MAKE) docs

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev  ## documentation, warnings are errors
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

bench: $(VENV)/.dev  ## speed and memory ratios, side by side in one run
	$(BIN)/python -m benchmarks speed

wheel: $(VENV)/.dev  ## build the wheel, install it elsewhere, call its command line
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/pip wheel -q --no-deps -w build/wheel .
	$(PY) -m venv build/wheel/venv
	build/wheel/venv/bin/pip install -q -c constraints.txt $(PIP_ARGS) build/wheel/*.whl
	cd build/wheel && venv/bin/meristem --version && venv/bin/meristem schema --out schema.json
	cd build/wheel && venv/bin/meristem simulate shoot-branching --out demo --n 20 --candidates 2
	cd build/wheel && venv/bin/meristem check demo/meristem.toml
	build/wheel/venv/bin/python -c "from importlib.resources import files; assert list(files('meristem.pages').joinpath('templates').iterdir())"
	rm -rf build/wheel

$(VENV)/.run: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PY) -m venv $(VENV)
	$(PIP) -e ".[test,dev,docs,tune,kinetics,sequence]"
	touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build dist $(DEMO) docs/_build .pytest_cache .mypy_cache .ruff_cache
