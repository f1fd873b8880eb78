# What a person types here. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# nextest where it is installed (it isolates and times every test), else cargo's own runner: the tests are the same.
CARGO_TEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo 'cargo nextest run' || echo 'cargo test')
# Tools that cargo or pip install for this checkout alone.
TOOLS := $(CURDIR)/.tools

.PHONY: help run test check build bench

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole system on this machine: demo account, live import of two years, then the API on http://127.0.0.1:3000
	@cargo run --quiet --package garmin-sync -- demo

test: ## every test, against the embedded DynamoDB and SQS and the simulated Garmin
	$(CARGO_TEST) --workspace

check: ## formatting, lints with warnings denied, licences, sources and walls
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
