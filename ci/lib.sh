# Shared by the scripts of this folder; source it first.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit 2>/dev/null || true # a failure inside $(…) ends the script too; bash before 4.4 cannot

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$(realpath -m "$ROOT/.tools") # it may be a link to the folder of another work tree

# Scanners written in Python start three times as fast from compiled files. Python writes those when it first reads a file.
unset PYTHONDONTWRITEBYTECODE
# Those written in Go end so soon that it does not pay to look for garbage so often.
export GOGC=400

step() { printf '\n== %s\n' "$*" >&2; }
say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# How to get a program that a script cannot install by itself.
how_to_get() {
    case $1 in
        cargo) echo "Rust 1.88 or later, from https://rustup.rs" ;;
        python3) echo "Python 3.10 or later with its venv module (Debian, Ubuntu: apt-get install python3 python3-venv)" ;;
        npm) echo "Node.js 20.19 or later with npm, from https://nodejs.org" ;;
        *) echo "your system's package manager (Debian, Ubuntu: apt-get install $1)" ;;
    esac
}

have() {
    case $1 in
        python3) python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' ;;
        npm) npm --version && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ;;
        *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# Lists everything that is missing, at once and before any work is done.
require() {
    local name missing=()
    for name in "$@"; do have "$name" || missing+=("$name"); done
    [ ${#missing[@]} -eq 0 ] && return
    say "This needs ${#missing[@]} program(s) that are missing or too old. Nothing was done."
    for name in "${missing[@]}"; do say "  $name: $(how_to_get "$name")"; done
    exit 1
}

# one_pip: pip alone, in .tools/pip, for all environments: to install a pip into each takes longer than most packages do.
one_pip() {
    local dir=$TOOLS/pip
    if [ "$(cat "$dir/.complete" 2>/dev/null)" = "$(python3 --version)" ]; then return; fi
    rm -rf "$dir" "$dir.new"
    python3 -m venv "$dir.new"
    mkdir "$dir"
    mv "$dir.new"/lib/python3*/site-packages/pip "$dir/"
    rm -rf "$dir.new"
    python3 --version >"$dir/.complete"
}

# environment DIR LIST: a virtual environment in .tools/DIR of exactly the packages in LIST, each checked against its hash. Python
# compiles what is used, when it is used.
environment() {
    local dir=$TOOLS/$1 list=$ROOT/ci/requirements/$2 want
    want="$(python3 --version) $(git hash-object "$list") $dir"
    if [ "$(cat "$dir/.complete" 2>/dev/null)" = "$want" ]; then return; fi
    step "Installing ci/requirements/$2 into .tools/$1"
    one_pip
    rm -rf "$dir"
    python3 -m venv --without-pip "$dir"
    PYTHONPATH=$TOOLS/pip "$dir/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes --requirement "$list" ||
        die "pip could not install ci/requirements/$2 (its message is above). Is the package index reachable?"
    echo "$want" >"$dir/.complete"
}

# node_packages NAME: exactly the packages that ci/requirements/NAME locks, in .tools/NAME; none of their scripts is run.
node_packages() {
    local dir=$TOOLS/$1 list=$ROOT/ci/requirements/$1 want
    want="$(git hash-object "$list/package-lock.json") $dir"
    if [ "$(cat "$dir/.complete" 2>/dev/null)" = "$want" ]; then return; fi
    step "Installing ci/requirements/$1 into .tools/$1"
    rm -rf "$dir"
    mkdir -p "$dir"
    cp "$list"/package*.json "$dir"
    (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
        die "npm could not install ci/requirements/$1 (its message is above). Is the package registry reachable?"
    echo "$want" >"$dir/.complete"
}

# The commit, and what the work tree has beside it: by this a result is known to be of these files.
checkout_state() {
    (cd "$ROOT" && git rev-parse HEAD && { git diff HEAD && git ls-files --others --exclude-standard -z | xargs -0r git hash-object; } | git hash-object --stdin)
}
