# Everything a person or CI does here. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin

.PHONY: help setup check test test-all e2e demo demo-down images generate bench sim sim-shrink sim-mutants \
  scenarios-rewrite

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  \1\t/' | expand -t 20

setup: ## install what is missing: packages, uv, .venv, kind and its node image (once per machine)
	hack/setup.sh

check: ## lint, types, arrows, tidy and unit tests (no network, no root, under a minute)
	$(PY)/ruff check .
	$(PY)/ruff format --check .
	$(PY)/mypy contract engine operator sim tests hack images bench
	$(PY)/lint-imports
	$(PY)/pytest tests/tidy tests/unit tests/replay tests/fuzz tests/simulation tests/scenarios \
	  tests/interop/test_captures_codec.py tests/interop/test_captures_decode.py

test: setup ## the tier that every change passes: check, simulated lives, fuzz, chart, real dhcpd, real API server, kind
	$(PY)/python -m hack.stages test

test-all: setup ## everything, before an issue is resolved
	$(PY)/python -m hack.stages test-all

e2e: setup images ## the e2e suite alone; KEEP_CLUSTER=1 leaves the cluster, CASES="-k name" picks cases
	$(PY)/python -m hack.kind.cluster up
	$(PY)/pytest tests/e2e --timeout 900 $(CASES); code=$$?; \
	  $(if $(KEEP_CLUSTER),,$(PY)/python -m hack.kind.cluster down;) exit $$code

demo: setup images ## a pair on kind, a lease, the table, a killed server, the table again
	$(PY)/python -m hack.demo

demo-down: ## delete the demo's cluster
	$(PY)/python -m hack.kind.cluster down

images: ## build the engine and operator images
	$(PY)/python -m hack.images

generate: ## write CRDs, chart templates, schemas and reference pages from their models
	$(PY)/python -m hack.generate

bench: ## a pair of ours beside pairs of dhcpd and of Kea, half an hour; writes docs/benchmarks.md; ROUNDS=3
	hack/setup.sh bench
	$(PY)/python -m bench all $(if $(ROUNDS),--rounds $(ROUNDS))

SIM := $(PY)/python -m edgepair_sim
given = $(if $(filter-out 0,$($(1))),$(2))

sim: ## random lives of a pair: SEEDS=200 SEED_START=1; one: SEED=7 or SCRIPT=file, with TRACE=1 or PRINT=1
	@$(SIM) run $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED_START),--seed-start $(SEED_START)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(SCRIPT),--script $(SCRIPT)) $(call given,TRACE,--trace) \
	  $(call given,PRINT,--print) $(if $(CHECKERS),--checkers $(CHECKERS)) $(SIM_OPTIONS)

sim-shrink: ## cut a life that fails down to what it takes to fail: SEED=7 or SCRIPT=file, OUT=file
	@$(SIM) shrink $(if $(SEED),--seed $(SEED)) $(if $(SCRIPT),--script $(SCRIPT)) $(if $(OUT),--out $(OUT)) $(SIM_OPTIONS)

sim-mutants: ## plant each of our deliberate defects, see who catches it, and write docs/reports/mutants.md; SEEDS=500
	@$(SIM) mutants --write $(if $(SEEDS),--seeds $(SEEDS)) $(SIM_OPTIONS)

scenarios-rewrite: ## tell the stories of tests/scenarios anew; commit only a difference that you can explain
	@$(SIM) scenarios --rewrite $(SIM_OPTIONS)
