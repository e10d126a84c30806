# Each target makes its own virtual environment from the lock; a fresh machine needs Python ≥ 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRYTON_PEER ?= ../shared/peers/tryton
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# What was compiled once is not compiled again by each of the hundreds of processes that the suites start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage check schemas postgres slow faults model browser tryton mutants bench bench-peers lock clean

$(VENV)/runtime.stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps -e .
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/runtime.stamp ## The whole story on SQLite and the sandbox: make demo ARGS="--once --json"
	@$(BIN)/meshline demo $(ARGS)

test: $(VENV)/dev.stamp ## The fast suite
	$(BIN)/pytest -n 3 -m "not slow and not browser" $(ARGS)

coverage: $(VENV)/dev.stamp ## Branch coverage of sync and store by their own tests; tracing makes them half as fast
	$(BIN)/pytest -n 3 -m "not slow and not browser" --cov --cov-report=term:skip-covered --ignore=tests/sync/test_hostile.py tests/sync tests/store $(ARGS)

check: $(VENV)/dev.stamp ## Lint, types, arrows, the example workspace
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/meshline check examples/quote_to_cash
	$(BIN)/meshline check examples/revenue

schemas: $(VENV)/runtime.stamp ## The JSON Schemas of workspace files, anew from the models
	$(BIN)/meshline schemas schemas

postgres: $(VENV)/dev.stamp ## The ledger's and the engine's tests once more, on PostgreSQL
	MESHLINE_TEST_DATABASE=postgresql $(BIN)/pytest -n 2 -m "not slow and not browser" tests/store tests/sync/test_engine.py tests/sync/test_deliver.py tests/sync/test_writing.py tests/sync/test_write_cuts.py tests/sync/test_batches.py tests/bot/test_cli_moving.py tests/bot/test_renamed_fields.py tests/bot/test_publishing.py tests/faults/test_goodbye.py tests/sync/test_sql_on_postgres.py $(ARGS)

slow: $(VENV)/dev.stamp ## What takes longer; then, with nothing beside it, what measures time or kills processes
	$(BIN)/pytest -n 2 --dist loadfile -m "slow and not alone" $(ARGS)
	$(BIN)/pytest -m "slow and alone" -s $(ARGS)

faults: $(VENV)/dev.stamp ## The fault matrix, row by row: make faults ARGS="--json"
	$(BIN)/python -m tests.faults $(ARGS)

model: $(VENV)/dev.stamp ## 200,000 random operations against a reference model: make model ARGS="--json"
	$(BIN)/python -m tests.model $(ARGS)

browser: $(VENV)/dev.stamp ## The page in headless Chromium
	$(BIN)/pytest -n 2 --dist loadfile -m browser $(ARGS)

tryton: $(VENV)/dev.stamp ## The connector and the example flows on a real Tryton, where its peer is; building it takes minutes, once
	@if [ -x "$(TRYTON_PEER)/up.sh" ]; then export TRYTON_PEER=$(abspath $(TRYTON_PEER)); $(BIN)/python -m tests.tryton.peer && $(BIN)/pytest -n 2 --dist worksteal -m tryton tests/tryton $(ARGS); \
	else echo "There is no $(TRYTON_PEER)/up.sh, which starts a real Tryton: nothing was run."; fi

mutants: $(VENV)/dev.stamp ## Take the protections out one at a time and see a test fail
	$(BIN)/python tests/mutants.py $(ARGS)

bench: $(VENV)/dev.stamp ## The small job on the product and its peers, then how the product grows
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: $(VENV)/dev.stamp ## Install the peers into the cache
	$(BIN)/python -m benchmarks.peers.install

lock: ## Pin everything anew, with hashes and without addresses
	$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/python -m pip install --quiet pip-tools
	$(VENV)-lock/bin/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --output-file requirements.lock pyproject.toml
	$(VENV)-lock/bin/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
