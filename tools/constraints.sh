#!/bin/sh
# Makes constraints.txt anew: resolves everything in a throwaway environment, writes names and exact
# versions (no addresses, no hashes), and checks that every version exists for Python 3.12, 3.13 and 3.14.
#
#   sh tools/constraints.sh           write constraints.txt
#   sh tools/constraints.sh --check   only check the present constraints.txt against the three Pythons

set -eu

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
cd -- "$here/.."

# Kept back on purpose, with the reason:
#   pandas 2.3.3  the last before pandas 3, which PySpark and others that read our tables do not take yet
CAPS='pandas==2.3.3'
# No wheel is published for these; they are pure Python and build anywhere.
SOURCE_ONLY='autograd-gamma|pyspark'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

python=$(sh tools/setup.sh --find-only)
"$python" -I -m venv "$work/venv"
pip() { PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$work/venv/bin/python" -I -m pip "$@"; }

listing=constraints.txt
if [ "${1:-}" != --check ]; then
    echo "Resolving (2 to 4 minutes)"
    printf '%s\n' "$CAPS" >"$work/caps.txt"
    pip install -q --no-input -c "$work/caps.txt" -e '.[dev]' >"$work/log" 2>&1 || { tail -n 15 "$work/log" >&2; exit 1; }
    listing=$work/constraints.txt
    {
        echo "# Names and exact versions for Python 3.12 to 3.14. Made by: make constraints"
        pip freeze --exclude-editable | LC_ALL=C sort -f
    } >"$listing"
fi

if grep -nE '://|--hash|@|^-' "$listing"; then
    echo "constraints.txt must hold names and versions only; the lines above do not" >&2
    exit 1
fi
grep -ivE "^(#|($SOURCE_ONLY)==)" "$listing" >"$work/wheels.txt"
for version in 3.12 3.13 3.14; do
    echo "Checking that all $(wc -l <"$work/wheels.txt" | tr -d ' ') wheels exist for Python $version"
    pip install -q --dry-run --ignore-installed --no-deps --only-binary=:all: --python-version "$version" \
        --target "$work/none" -r "$work/wheels.txt" >"$work/log" 2>&1 || { tail -n 15 "$work/log" >&2; exit 1; }
done

if [ "$listing" != constraints.txt ]; then
    cp "$listing" constraints.txt
    echo "constraints.txt written; now run: make setup && make test"
fi
