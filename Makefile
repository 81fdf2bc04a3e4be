# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
PYTHON ?= python3
NOX := .venv/bin/nox
DEMO_PYTHON := .cache/demo/bin/python

.PHONY: help test checks tests format docs demo bench clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

test: $(NOX) ## Run every check and every test (one of them: .venv/bin/nox -s NAME; the names: .venv/bin/nox -l)
	$(MAKE) --jobs=2 checks tests

# Side by side: checks take one core, tests all that is left.
checks tests: $(NOX)
	CI=true $(NOX) -s $@

format: $(NOX) ## Format the Python files
	CI=false $(NOX) -s formatters

docs: $(NOX) ## Build the documentation site, and check its links
	CI=true $(NOX) -s docs-site

demo: $(DEMO_PYTHON) ## Run playbooks/demo.yml three times against a simulated Twilio, and report on what is there
	$(DEMO_PYTHON) tests/demo.py

bench: $(NOX) ## Measure beside what people use today, and write docs/benchmark.md and its plot (15 minutes, Linux)
	CI=true $(NOX) -s bench

clean: ## Remove environments, caches and what tests left behind
	rm -rf .ansible .cache .hypothesis .mypy_cache .nox .pytest_cache .ruff_cache .venv tests/output community-twilio-*.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made anew when what it is made of changes.
$(NOX): tests/nox-requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@echo "Installing nox into .venv, once"
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --requirement tests/nox-requirements.txt
	@touch $@

$(DEMO_PYTHON): tests/demo-requirements.txt tests/simulator/requirements.txt meta/ee-requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@echo "Installing ansible-core and the simulator's libraries into .cache/demo, once: up to a minute"
	$(PYTHON) -m venv --clear .cache/demo
	.cache/demo/bin/python -m pip install --quiet --requirement tests/demo-requirements.txt
	@touch $@
