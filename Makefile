# Everything a newcomer needs: make demo, make test.

BIN := $(or $(CARGO_TARGET_DIR),target)/release/undisclosed
.PHONY: demo build front test audit bench bench-console fuzz prerequisites

# The main job on embedded data; it cannot send real mail. ARGS=--exit ends with the accounting.
demo: build
	$(BIN) demo $(ARGS)

build: front
	cargo build --release --locked -p undisclosed

# What CI runs. A test that lacks what it needs fails; none is skipped.
test: prerequisites front
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	tools/run-tests
	cargo test --workspace --locked --doc
	tools/test-browser

# The console's style sheet and script, which the program has in it.
front: crates/web/dist/style.css
crates/web/dist/style.css: $(wildcard crates/web/front/*.scss crates/web/front/*.js crates/web/front/package*.json)
	command -v npm >/dev/null || { echo "The console's style sheet is built with npm, which is not installed." >&2; exit 1; }
	cd crates/web/front && npm ci --silent --no-audit --no-fund && npm run --silent build

prerequisites:
	tools/prerequisites

# Licences, bans and sources of what we build on.
audit:
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check licenses bans sources

# Sending beside its peers, a table; workers that share a PostgreSQL, another; then the parts by themselves.
# BENCH=peers or BENCH=postgres: of the tables, this one alone.
bench: build
	cd benches/nodemailer && npm ci --silent --no-audit --no-fund
	cargo run --release --locked --manifest-path benches/Cargo.toml --target-dir target/benches -- $(BIN) $(BENCH)
	cargo bench --workspace --locked

# Sending at a pace of 2,000 a second while people look at the console and at the public pages: a table.
bench-console: build
	cd tests/browser && npm ci --silent --no-audit --no-fund
	UNDISCLOSED=$(BIN) node benches/console/load.mjs

# FUZZ_SECONDS for each target; needs a nightly toolchain and cargo-fuzz.
FUZZ_SECONDS ?= 60
fuzz:
	for target in $$(cargo +nightly fuzz list); do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done
