# make build   everything a fresh machine needs to compile slos/
# make test    the tests, with promtool and Prometheus (installed when absent and it may)
# make lint    ruff and mypy
# make bench   rule cost on a real Prometheus, compile speed
# make e2e    the compiled rules on real servers
# make tools   current Prometheus, Alertmanager, Thanos and Jaeger for the tests: a quarter of an hour, once
# make dashboards-preview  draws the dashboards with made-up data, into build/dashboards; ALL=1 draws every one
# make coverage  writes docs/acgs2-coverage.md: which system of the deployment guide is watched by what
# make mutate  would the generated tests notice a wrong rule? takes an hour for all services
.PHONY: build install test e2e lint bench tools dashboards-preview coverage mutate clean
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
DEV := $(VENV)/.dev
CODE := $(wildcard generator tests bench)

build: $(STAMP)
	$(VENV)/bin/slogen build

install: $(STAMP)

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "install it first: apt-get install python3-venv" >&2; exit 2; }

$(STAMP): $(VENV)/bin/pip pyproject.toml
	$(VENV)/bin/pip install -q -e .
	@touch $@

$(DEV): $(STAMP) pyproject.toml
	$(VENV)/bin/pip install -q -e '.[dev]'
	@touch $@

test: $(DEV)
	@tests/install-programs
	$(VENV)/bin/pytest -n auto --ignore tests/e2e

e2e: $(DEV)
	@tests/install-programs
	$(VENV)/bin/pytest -n 2 tests/e2e

lint: $(DEV)
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/mypy

bench: $(DEV)
	@tests/install-programs
	$(VENV)/bin/python bench/cost.py
	$(VENV)/bin/python bench/speed.py

# The tests find them in the cache, and skip what needs them when they are not there.
tools:
	@if [ -x ../shared/tools/build ] && command -v go >/dev/null; then ../shared/tools/build; else \
	  echo "skipped: current Prometheus, Alertmanager, Thanos and Jaeger (../shared or Go is absent)" >&2; fi

dashboards-preview: $(DEV)
	@tests/install-programs
	$(VENV)/bin/python -m tests.dashboards.preview

coverage: $(DEV)
	$(VENV)/bin/python -m tests.acgs2.page

mutate: build
	@tests/install-programs
	$(VENV)/bin/slogen test --mutate $(SERVICE)

clean:
	rm -rf $(VENV) .slogen-staging-*
