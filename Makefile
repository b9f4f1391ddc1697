# What people and machines do with this project. `make` lists it.

CARGO ?= cargo
NEXTEST_PROFILE ?= default
SECONDS ?= 60

.PHONY: help demo deps check fmt fmt-check lint test fuzz bench doc golden ci

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: ## build, start the service, play a marketplace against it, print what happened
	$(CARGO) run --locked --quiet -p tenure -- demo $(DEMO)

deps: ## install what the tests need and the machine lacks
	@command -v cargo-nextest >/dev/null || $(CARGO) install --locked cargo-nextest
	@command -v strace >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq strace; \
	  else sudo apt-get update -qq && sudo apt-get install -y -qq strace; fi; }

check: ## type-check everything
	$(CARGO) check --workspace --all-targets

fmt: ## format
	$(CARGO) fmt --all

fmt-check:
	$(CARGO) fmt --all --check

lint: ## clippy on everything, warnings are errors
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

test: deps ## every test
	$(CARGO) build --locked --quiet -p tenure
	$(CARGO) nextest run --locked --workspace --profile $(NEXTEST_PROFILE)
	$(CARGO) test --locked --workspace --doc --quiet
	@echo "Every test passed. Next: make demo, and docs/ARCHITECTURE.md."

fuzz: ## every fuzz target for SECONDS seconds (needs a nightly compiler, and cargo-fuzz)
	@for target in $$(ls fuzz/corpus); do \
	  echo "$$target, $(SECONDS) seconds"; \
	  mkdir -p target/fuzz/corpus/$$target; \
	  $(CARGO) +nightly fuzz run --target-dir target/fuzz $$target \
	    target/fuzz/corpus/$$target fuzz/corpus/$$target -- -max_total_time=$(SECONDS) \
	    -max_len=65536 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=128 -verbosity=0 || exit 1; \
	done

bench: ## the figures that are promised, measured beside their bounds (release build, some minutes)
	$(CARGO) build --locked --release -p tenure
	$(CARGO) bench --locked -p tenure-tests --bench numbers -- $(BENCH)

doc: ## rustdoc, warnings are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

golden: ## rewrite golden files and snapshots, and show what changed
	UPDATE_GOLDEN=1 INSTA_UPDATE=always $(CARGO) nextest run --locked --workspace || true
	git diff --stat

# A clean checkout is built once: what a second build would go on from only fills the disk.
ci: export CARGO_INCREMENTAL = 0
ci: fmt-check lint ## what runs before a change lands
	$(MAKE) test NEXTEST_PROFILE=ci
	$(MAKE) doc
	$(MAKE) demo DEMO=--exit
