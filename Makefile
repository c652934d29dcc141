# Everything a person or CI does here. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin

.PHONY: help setup check test test-all e2e demo demo-down images generate bench sim

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  \1\t/' | expand -t 14

check: ## lint, types, arrows, tidy and unit tests (no network, no root)
	$(PY)/ruff check .
	$(PY)/ruff format --check .
	$(PY)/mypy contract engine operator sim tests $(wildcard hack/**/*.py)
	$(PY)/lint-imports
	$(PY)/pytest tests/tidy tests/unit
