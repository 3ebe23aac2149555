# Everything a newcomer or a developer runs. Each target prepares what it needs: the virtual
# environment in .venv, the front end, and for the tests Chromium, OpenSSH, git, a registry and
# skopeo. Nothing is installed outside this folder, but for Debian's packages of the latter when
# `make test` is run by root.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TARGETS := help demo lab test lint bench clean
.PHONY: $(TARGETS)

ifneq ($(CURDIR),$(ROOT))
# `make -f somewhere/Makefile` from another folder.
$(TARGETS):
	@$(MAKE) --no-print-directory -C $(ROOT) $@
else

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Its programs before the machine's: pods of the embedded cluster find `jupyter` and `python` so.
export PATH := $(ROOT)/$(BIN):$(PATH)
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

FRONT_END := labextension
BUNDLE := jupyter_trainhub/labextension/package.json
FRONT_END_SOURCES := $(shell find $(FRONT_END) \
	-type d \( -name node_modules -o -name lib -o -name .yarn \) -prune -o \
	-type f ! -name '*.tsbuildinfo' ! -path '*/__tests__/*' -print)
SERVER_CONFIG := jupyter-config/server-config/jupyter_trainhub.json

# Each stamp lies inside what it vouches for, so that removing the one removes the other.
INSTALLED := $(VENV)/.installed
PACKAGES := $(FRONT_END)/node_modules/.installed
READY := $(VENV)/.ready

help:
	@echo 'make demo   run examples/quickstart.ipynb in a headless JupyterLab, on an embedded cluster'
	@echo 'make lab    open JupyterLab on a copy of the quickstart'
	@echo 'make test   all tests: Python, embedded cluster, front end, browser'
	@echo 'make lint   ruff, mypy, ESLint, Prettier'
	@echo 'make bench  the benchmarks'
	@echo 'make clean  remove what was built: .venv, the front end, build/'

demo: $(READY)
	@$(BIN)/python -m examples.run_quickstart

lab: $(READY) build/lab/quickstart.ipynb
	cd build/lab && jupyter lab quickstart.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

# A copy, since running a notebook changes it; an edited one is kept beside a newer quickstart.
build/lab/quickstart.ipynb: examples/quickstart.ipynb
	@mkdir -p $(@D)
	@cp --backup=numbered $< $@

# Most of the tests wait for a cluster or a page, so that two processes take half the time; a file
# is run by one of them, and each has a cluster and a JupyterLab of its own. A cluster that is given
# they would share.
test: $(READY)
	tests/install_debian.sh build/debian
	cd $(FRONT_END) && jlpm test --maxWorkers=2
	PATH="$(ROOT)/build/debian/bin:$$PATH" $(BIN)/python -m pytest --timeout=600 \
	  --numprocesses=$(if $(TRAINHUB_TEST_KUBECONFIG),0,2) --dist=loadfile $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd $(FRONT_END) && jlpm lint:check

bench: $(READY)
	@for program in benchmarks/*.py; do \
	  $(BIN)/python -m "benchmarks.$$(basename "$$program" .py)"; done

# Overlay file systems lock the folders that pods of a demo's cluster wrote to.
clean:
	@[[ ! -d build ]] || chmod -R u+rwX build
	rm -rf $(VENV) build dist jupyter_trainhub/labextension jupyter_trainhub/_version.py
	rm -rf $(FRONT_END)/node_modules $(FRONT_END)/lib $(FRONT_END)/.yarn
	rm -f $(FRONT_END)/*.tsbuildinfo
	rm -rf .mypy_cache .pytest_cache .ruff_cache

# Installing writes the package's version; without that file nothing can be imported.
ifeq ($(wildcard jupyter_trainhub/_version.py),)
.PHONY: $(INSTALLED)
endif

# The front end is built below, incrementally, and linked instead of copied. The link goes first: pip
# would write and delete through it.
$(INSTALLED): pyproject.toml $(FRONT_END)/package.json $(SERVER_CONFIG)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo 'error: jupyter_trainhub needs Python 3.10 or later; name one: make PYTHON=python3.11' >&2; exit 1; }
	@[[ -x $(BIN)/python ]] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'error: this Python cannot make virtual environments (Debian: install python3-venv),' \
	       'or name another: make PYTHON=...' >&2; exit 1; }
	@rm -rf $(VENV)/share/jupyter/labextensions/jupyter_trainhub
	@echo 'Installing Python packages into $(VENV); the first time takes a minute or two.'
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 $(BIN)/python -m pip install --quiet -e '.[dev,examples]'
	@touch $@

# jlpm comes with the virtual environment, but a newer environment needs no new packages.
$(PACKAGES): $(addprefix $(FRONT_END)/,package.json yarn.lock .yarnrc.yml) | $(INSTALLED)
	@node -e 'process.exitCode = parseInt(process.versions.node) < 20 ? 1 : 0' || { \
	  echo 'error: building the front end needs Node.js 20 or later on the PATH' >&2; exit 1; }
	@echo 'Installing the packages that build the front end; the first time takes some minutes.'
	@# YN0013 names each of some thousand packages as it is fetched.
	cd $(FRONT_END) && jlpm install --immutable | { grep -v YN0013 || true; }
	@touch $@

$(BUNDLE): $(PACKAGES) $(FRONT_END_SOURCES)
	cd $(FRONT_END) && jlpm build:prod
	@touch $@

$(READY): $(INSTALLED) $(BUNDLE)
	@$(BIN)/jupyter-builder develop --overwrite .
	@touch $@

endif
