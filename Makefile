# ft_magics. `make help` says what there is; a second run of anything is quick.
#
# PYTHON=python3.12 make demo   takes that Python instead of the first one that is new enough
# FT_HOME=folder make demo      keeps the runs there instead of in a fresh folder

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python
CHROMIUM := $(firstword $(wildcard $(FT_CHROMIUM) /usr/bin/chromium))
BENCHMARKS = $(filter-out benchmarks/gpu.py benchmarks/_%,$(wildcard benchmarks/*.py))
QUICK := not real and not gpu and not browser and not notebook

.PHONY: help demo lab test check lint quick format gpu bench screenshot build clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.have-lab ## set up, then turn the base model into CatGPT in the terminal
	@$(PY) scripts/demo.py

lab: $(VENV)/.have-lab ## open the notebook in JupyterLab
	@$(BIN)/jupyter lab $$(test "$$(id -u)" != 0 || echo --allow-root) notebooks/01_catgpt.ipynb

test: $(VENV)/.have-test chromium ## all tests: quick, real model, notebooks, browser
	$(PY) -m pytest tests notebooks --nbval --nbval-current-env \
	  --nbval-sanitize-with tests/notebooks/sanitize.cfg $(ARGS)

check: lint quick ## formatting, lint, types, walls, quick tests

lint: $(VENV)/.have-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

quick: $(VENV)/.have-dev
	$(PY) -m pytest -q -m "$(QUICK)" $(ARGS)

format: $(VENV)/.have-dev ## bring the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A CUDA machine mostly has its own torch, which no virtual environment of ours should replace.
gpu: ## tests and benchmark on a CUDA machine, with the torch it has (GPU_PYTHON=...)
	@for py in $(GPU_PYTHON) $(PY) python3 none; do \
	  "$$py" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null && break; \
	done; \
	if [ "$$py" = none ]; then \
	  echo "make gpu: no Python here has a torch that sees a CUDA device. Name one: GPU_PYTHON=..."; \
	  exit 1; \
	fi; \
	export PYTHONPATH="$$PWD$${PYTHONPATH:+:$$PYTHONPATH}"; \
	"$$py" -m pytest tests -m gpu $(ARGS) && "$$py" benchmarks/gpu.py

bench: $(VENV)/.have-test ## each benchmark prints its table
	@for file in $(BENCHMARKS); do echo "== $$file"; $(PY) $$file || exit 1; done

screenshot: $(VENV)/.have-test chromium ## the pictures in README and docs, from real runs
	$(PY) scripts/screenshot.py

build: $(VENV)/.have-dev ## the wheel and the source archive
	$(PY) -m build

clean: ## what was built and cached; the virtual environment stays
	rm -rf build dist screenshots .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# --- set-up ---------------------------------------------------------------------------------

$(PY):
	@for py in $(PYTHONS) none; do \
	  "$$py" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ "$$py" = none ]; then \
	  echo "Python 3.11 or newer is needed. Name one: make PYTHON=/path/to/python3"; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$py" --version)"; \
	"$$py" -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "Making a virtual environment failed. On Debian and Ubuntu: apt-get install python3-venv"; \
	  exit 1; }

$(VENV)/.have-%: pyproject.toml constraints.txt | $(PY)
	@echo "Installing ft_magics and what $* needs (some minutes: torch is large)"
	@$(PIP) install -c constraints.txt -e '.[$*]'
	@touch $@

.PHONY: chromium
chromium:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi; \
	if command -v apt-get >/dev/null && { [ -z "$$sudo" ] || $$sudo true 2>/dev/null; }; then \
	  echo "Installing chromium for the browser tests"; \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq chromium >/dev/null; \
	else \
	  echo "The browser tests need chromium: install it and set FT_CHROMIUM=/path/to/chromium"; \
	  echo "They are skipped without it."; \
	fi
endif
