# `make run` and `make test` do all their own set-up. Everything else is for people who work on Kefu.
PYTHON ?= python3
BOT := .venv/bot/bin/python
HANDOFF := .venv/handoff/bin/python
# The set-up puts a Node there when PATH has none that is new enough.
export PATH := $(CURDIR)/var/tools/node/bin:$(PATH)
# One thread for each numerical library: two cores are shared by many processes.
export OMP_NUM_THREADS ?= 1
export TF_INTRA_OP_PARALLELISM_THREADS ?= 1
export TF_INTER_OP_PARALLELISM_THREADS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3
export RASA_TELEMETRY_ENABLED := false

PY310 := $(wildcard nlp bot handoff/domain handoff/client.py)
PY311 := $(wildcard handoff faq ops examples)
FRONTEND := $(wildcard handoff/frontend/package-lock.json)

.DEFAULT_GOAL := help
.PHONY: help setup run train chromium test test-all soak chaos bench check lint types-bot types-handoff imports frontend-check lock format clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 22

setup:  ## Both Python environments, Node and the built front end; the second time does nothing
	@$(PYTHON) -m ops.setup

run: setup  ## Everything on this machine: bot, gateway, demo shop (VERBOSE=1: all output, RASA=2: two Rasa processes)
	@exec $(HANDOFF) -m ops.run $(if $(VERBOSE),--verbose) $(if $(RASA),--rasa $(RASA))

train: setup  ## Train the bot if no current model is in bot/models (FORCE=1: anyway)
	@$(HANDOFF) -m ops.train $(if $(FORCE),--force)

chromium: setup
	@$(HANDOFF) -m ops.chromium

test: setup train chromium  ## The quick tests: service, bot and front end
	@$(HANDOFF) -m ops.test

soak: setup  ## Half an hour of relaying at 50 messages a second; fails when one is lost (SECONDS=…)
	@$(HANDOFF) -m bench.relay --rate 50 --seconds $(or $(SECONDS),1800) --burst 0

chaos: setup train  ## Kill processes for ten minutes while 220 people talk; fails when a word is lost or doubled (SECONDS=… a run, SEED=…)
	@$(HANDOFF) -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

bench: setup train  ## Measure relay, bot answers, idle sockets and growth: about 20 minutes on a quiet machine
	@for name in relay bot sockets growth; do echo "bench.$$name" && $(HANDOFF) -m bench.$$name || exit 1; done

test-all: setup train chromium  ## All tests, slow ones too
	@$(HANDOFF) -m ops.test --all

eval: setup train  ## Measure understanding on the data in ../shared/data and write docs/evaluation.md (PEER=1: DIET beside it)
	@$(HANDOFF) -m bench.evaluate $(if $(PEER),--peer)

check: setup lint types-bot types-handoff imports frontend-check  ## ruff, mypy, import-linter, front-end lint and types

lint: setup
	@.venv/handoff/bin/ruff check .
	@.venv/handoff/bin/ruff format --check .

types-bot: setup
	@$(BOT) -m mypy $(PY310)

types-handoff: setup
	@$(HANDOFF) -m mypy $(PY311)

imports: setup
	@.venv/handoff/bin/lint-imports

frontend-check: setup
	@$(if $(FRONTEND),cd handoff/frontend && npm run lint && npm run typecheck)

format: setup  ## Put the Python sources into one form
	@.venv/handoff/bin/ruff check --fix . ; .venv/handoff/bin/ruff format .

lock:  ## Renew requirements/ from pyproject.toml, keeping pins that still fit (UPGRADE=1: newest)
	@$(PYTHON) -m ops.lock $(if $(UPGRADE),--upgrade)

clean:  ## Remove what was built; keeps the environments, the model and the data in var
	rm -rf handoff/static handoff/frontend/dist var/stamps .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis results
	find . -name __pycache__ -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
