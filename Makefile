# What a person types here. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# nextest where it is installed (it isolates and times every test), else cargo's own runner: the tests are the same.
CARGO_TEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo 'cargo nextest run' || echo 'cargo test')
FUNCTIONS := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
# Tools that cargo or pip install for this checkout alone.
TOOLS := $(CURDIR)/.tools

# With terraform and a mirror of its AWS provider at hand (TF_PLUGIN_DIR), all of infra/ is tested, else what needs neither.
INFRA_TEST := python3 infra/tests/run.py $(if $(and $(TF_PLUGIN_DIR),$(shell command -v terraform)),,--static)

# The page needs npm (Node 20.19 or newer). Without it everything else works, and says what is missing; in CI it is an error.
NPM := $(shell command -v npm)
PAGE_SOURCES := $(wildcard web/*.json web/*.ts web/*.html web/.npmrc) $(shell find web/src web/public web/tools -type f)
without = $(if $(CI),{ echo '$(1)' >&2; exit 1; },echo '$(1)')

.PHONY: help run test test-page check check-page build bench bench-cold load simulate rehearse

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole system on this machine: demo account, live import of two years, then page and API on http://127.0.0.1:3000
	@$(if $(NPM),$(MAKE) --no-print-directory web/dist/index.html || echo 'The page cannot be built: the system runs without it.',\
	echo 'No npm here: the system runs without its page.')
	@cargo run --quiet --package garmin-sync -- demo

test: ## every test, against the embedded DynamoDB and SQS and the simulated Garmin
	$(INFRA_TEST)
	$(CARGO_TEST) --workspace
	@# The program as the tests have built it: alone it would have other features of the SDK, which takes minutes more.
	python3 tools/schemathesis/run.py --program target/debug/garmin-sync
	@$(if $(NPM),$(MAKE) --no-print-directory test-page,$(call without,tests of the page skipped: no npm here))

test-page: web/dist/index.html ## the tests of the page: its parts, then all of it in Chromium against the running system
	cd web && npm test
	@[ -x target/debug/garmin-sync ] || cargo build --quiet --package garmin-sync
	@if [ -x "$${CHROMIUM:-/usr/bin/chromium}" ]; then cd web && npm run e2e; \
	else $(call without,tests in a browser skipped: no $${CHROMIUM:-/usr/bin/chromium}); fi

check: $(TOOLS)/bin/cargo-deny ## formatting, lints with warnings denied, licences, sources, advisories and walls
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	$(TOOLS)/bin/cargo-deny --all-features check bans licenses sources
	@if $(TOOLS)/bin/cargo-deny fetch db >/dev/null 2>&1; then $(TOOLS)/bin/cargo-deny --all-features check advisories; \
	else echo 'advisories skipped: the database of RustSec cannot be reached from here'; fi
	$(if $(shell command -v terraform),terraform fmt -check -recursive infra,@echo 'terraform fmt skipped: no terraform here')
	@$(if $(NPM),$(MAKE) --no-print-directory check-page,$(call without,checks of the page skipped: no npm here))

check-page: web/node_modules/.package-lock.json ## the page: types made from docs/openapi.json, formatting, lints, types, advisories
	cd web && npm run check
	cd web && node tools/audit.js

# Which zips `make build` makes.
ARCH ?= arm64 x86_64

build: ## the Lambda zips: arm64, which Terraform deploys, and x86-64, which the rehearsal runs; ARCH=arm64 for one of them
	for architecture in $(ARCH); do python3 tools/build_functions.py $$architecture || exit 1; done

bench: ## figures: requests, chunks and imports of up to thirty years, then decoding, in a release build; JSON=file for programs
	cargo run --quiet --release --package bench -- figures $(if $(JSON),--json $(JSON))
	cargo bench --quiet --package sync-garmin --bench decode

bench-cold: ## figures: cold starts of the functions and the memory of process-chunk, as they are shipped but for this machine
	AWS_LC_SYS_NO_JITTER_ENTROPY=1 CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=fat cargo build --release --target-dir target/functions $(FUNCTIONS:%=--package %)
	cargo run --quiet --release --package bench -- cold --functions target/functions/release $(if $(JSON),--json $(JSON))

# The tables in memory where that can be: what is measured is not this machine's disk. A thousand users are three gigabytes.
load: ## a thousand imports of a year at once, and two hundred open pages; USERS=n for fewer, METRICS=steps,hrv for less of each
	TMPDIR=$(or $(TMPDIR),$(wildcard /dev/shm),/tmp) cargo run --quiet --release --package bench -- load --users $(or $(USERS),1000) $(if $(METRICS),--metrics $(METRICS)) $(if $(JSON),--json $(JSON))

simulate: ## the simulation of the whole line under faults; SEEDS=100000 for long, FROM=n to begin elsewhere
	cargo run --quiet --package sync-testkit --example simulate -- --seeds $(or $(SEEDS),2000) --from $(or $(FROM),0)

rehearse: web/dist/index.html ## a whole deployment on an emulated AWS: apply, import, redrive, erase, destroy (needs terraform, the AWS CLI, npm)
	python3 tools/build_functions.py x86_64
	python3 infra/rehearsal/rehearse.py

$(TOOLS)/bin/cargo-deny:
	cargo install --quiet --locked --root $(TOOLS) cargo-deny@0.20.2

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci
	touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(PAGE_SOURCES)
	cd web && npm run build
