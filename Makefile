HOST ?= 127.0.0.1
PORT ?= 8000

# The first Python here that is new enough; without one, any Python, because bootstrap.py says what to install.
FIND_PYTHON = python=$(PYTHON); \
	for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
		[ -z "$$python" ] || break; \
		! $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || python=$$candidate; \
	done; \
	python=$${python:-$$(command -v python3 || command -v python)}; \
	[ -n "$$python" ] || { echo "Precedent needs Python 3.11 or newer, and there is no Python here." >&2; exit 1; };

# From here on the shell, bootstrap.py and the command after its -- are one process, so that signals reach the command.
IN_ENVIRONMENT = @$(FIND_PYTHON) exec "$$python" bootstrap.py

.PHONY: help run test test-all lint style layout types format clean

help:
	@echo "make run [HOST=$(HOST) PORT=$(PORT)]  set up what is needed, and serve Precedent at that address"
	@echo "make test [ARGS=...]                  the tests, on SQLite; ARGS go to pytest"
	@echo "make test-all [ARGS=...]              with those that take long, and again on PostgreSQL where one answers"
	@echo "make lint                             style, layout and types; each also by that name"
	@echo "make format                           put the layout right"
	@echo "make clean                            remove the environment and the caches; your data in var/ stays"

run:
	$(IN_ENVIRONMENT) -- manage.py up --host "$(HOST)" --port "$(PORT)"

test:
	$(IN_ENVIRONMENT) --test -- -m tests.run $(ARGS)

test-all:
	$(IN_ENVIRONMENT) --test -- -m tests.run --all $(ARGS)

lint:
	@$(MAKE) --no-print-directory --keep-going style layout types

style:
	$(IN_ENVIRONMENT) --test -- -m ruff check .

layout:
	$(IN_ENVIRONMENT) --test -- -m ruff format --check --output-format concise .

types:
	$(IN_ENVIRONMENT) --test -- -m mypy .

format:
	$(IN_ENVIRONMENT) --test -- -m ruff check --fix .
	$(IN_ENVIRONMENT) --test -- -m ruff format .

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache
	find . -name var -prune -o -name __pycache__ -type d -exec rm -rf {} +
