# A thin front of the `liandan` command. Nothing but Python 3.11+ is needed beforehand.
#
#   make demo [ARGS=--once]   set-up and main job in one: the whole line on a labelled world
#   make up                   the local stack in the foreground
#   make doctor               what runs, how far behind, what is wrong
#   make test [ARGS=…]        set-up and all tests but those of make e2e and make chaos
#   make e2e [ARGS=…]         the commands of README and docs as they stand there, the console in a browser
#   make chaos [ARGS=…]       kills, outages and hostile clients on whole stacks, in some fifteen minutes
#   make lint                 ruff, mypy, import-linter
#   make soak                 ten minutes of kills, joins and hostile clients
#   make reference            docs/reference and the index docs/README.md anew from the code
#   make lock                 the lock files anew from pyproject.toml, versions kept
#   make rehearsal            docker-compose.yml on the engine that LIANDAN_REHEARSAL_HOST names
#   make screenshots          the console's pages in Chromium, into docs/images/console
#   make hostile              20,000 mutated bodies against a real gateway
#
# Another Python: make PYTHON=/path/to/python3.12 …

export PYTHON
ARGS ?=

# Not .venv/bin/liandan: its first line holds a path, and this folder may be moved.
LIANDAN := .venv/bin/python -m services.cli
# Slow files first (tests/conftest.py), so that no worker is left with one at the end.
PYTEST := .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo up doctor test e2e chaos lint lock reference screenshots soak hostile rehearsal
help:
	@sed -n 's/^#   //p' Makefile

setup: .venv/.installed
demo up doctor: .venv/.installed
	@$(LIANDAN) $@ $(ARGS)

test: .venv/.installed-dev
	@$(PYTEST) -m "not chaos and not e2e" $(ARGS)

e2e: .venv/.installed-dev
	@$(PYTEST) -m "e2e and not chaos" $(ARGS)

chaos: .venv/.installed-dev
	@$(PYTEST) -m chaos $(ARGS)

soak: .venv/.installed-dev
	LIANDAN_SOAK_MINUTES=10 .venv/bin/python -m pytest -s tests/chaos/test_scale_out.py \
		tests/chaos/test_log_cut.py tests/integration/streams/test_hot_approval.py tests/fuzz

LOCK := .venv/bin/python -m uv pip compile -q pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate
lock: .venv/.installed-dev
	$(LOCK) --extra local -o requirements.lock
	$(LOCK) --extra local --extra dev -o requirements-dev.lock
	$(LOCK) -c requirements.lock -o requirements-services.lock

reference: .venv/.installed
	@.venv/bin/python -m services.cli.reference

hostile: .venv/.installed-dev
	.venv/bin/python -m bench.hostile 20000

rehearsal: .venv/.installed-dev
	.venv/bin/python -m pytest -s tests/compose $(ARGS)

screenshots: .venv/.installed-dev
	.venv/bin/python -m tests.e2e.console.pictures

lint: .venv/.installed-dev
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/lint-imports

.venv/.installed: requirements.lock pyproject.toml infra/local/venv.sh
	@sh infra/local/venv.sh requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@sh infra/local/venv.sh requirements-dev.lock
	@touch $@
