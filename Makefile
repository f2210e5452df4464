# Lotse's commands. Each installs what it needs first, and only what is not there yet.
# Variables go behind the target: make demo LOTSE_PORT=8001, make install PYTHON=python3.12

SHELL := /bin/bash
.DEFAULT_GOAL := help
python := .venv/bin/python

.PHONY: help install install-dev port catalogues demo demo-reset test test-long check fmt \
        messages bench lock clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: .venv/.installed-run ## .venv and the dependencies Lotse runs with, nothing else

install-dev: .venv/.installed-dev ## the same and the tools of tests and checks

.venv/.installed-run: requirements/uv.txt requirements/run.txt
	@scripts/install.sh run

.venv/.installed-dev: requirements/uv.txt requirements/dev.txt
	@scripts/install.sh dev

port:
	@scripts/check-port.sh

catalogues: install
	@$(python) scripts/catalogues.py compile

demo: port install catalogues ## the demo with staff and questions, on http://localhost:8000
	@$(python) manage.py demo

demo-reset: port install catalogues ## the demo again, from fresh data
	@$(python) manage.py demo --reset

test: install-dev catalogues ## every test, with PostgreSQL, Redis and a browser
	@scripts/test.sh

test-long: install-dev catalogues ## the long forms of the tests
	@LOTSE_TEST_LONG=1 scripts/test.sh

check: install-dev ## format, lint, types, templates, import contracts, migrations, catalogues
	@scripts/check.sh

fmt: install-dev ## repair the format of code and templates
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format --quiet .
	@.venv/bin/djlint --quiet --reformat templates || true

messages: install-dev ## bring the message catalogues up to date with the code
	@scripts/ensure-tools.sh gettext
	@$(python) scripts/catalogues.py update

bench: install-dev catalogues ## the measurements of benchmarks/, as ratios
	@$(python) benchmarks/run.py

lock: install-dev ## write requirements/*.txt anew from pyproject.toml
	@scripts/lock.sh

clean: ## remove what make made, except the demo's data in var/
	@rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
