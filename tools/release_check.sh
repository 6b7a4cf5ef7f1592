#!/bin/sh
# Builds the package as it would be published and uses it apart from the checkout, with what it needs only.
# Fails when a file is missing from the wheel, when the versions disagree, or when the installed command fails.

set -eu

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
cd -- "$here/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

echo "Versions agree"
.venv/bin/python -I - <<'PYTHON'
import pathlib, re, sys, tomllib
project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
citation = re.search(r'^version: "?([^"\n]+)', pathlib.Path("CITATION.cff").read_text(encoding="utf-8"), re.M)[1]
changes = pathlib.Path("CHANGELOG.md").read_text(encoding="utf-8")
faults = []
if citation != project:
    faults.append(f"CITATION.cff says {citation}, pyproject.toml {project}")
if f"## [{project}]" not in changes and "## [Unreleased]" not in changes:
    faults.append(f"CHANGELOG.md has neither [{project}] nor [Unreleased]")
sys.exit("\n".join(faults) or 0)
PYTHON

echo "Building the wheel"
.venv/bin/python -I -m pip wheel -q --no-deps -w "$work" . >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
wheel=$(ls "$work"/*.whl)

echo "Every file of the package is in the wheel"
.venv/bin/python -I - "$wheel" <<'PYTHON'
import subprocess, sys, zipfile
packed = set(zipfile.ZipFile(sys.argv[1]).namelist())
listed = subprocess.run(["git", "ls-files", "src/sbc_prevalence"], capture_output=True, text=True, check=True)
missing = [name for name in listed.stdout.splitlines() if name.removeprefix("src/") not in packed]
sys.exit("missing from the wheel: " + ", ".join(missing) if missing else 0)
PYTHON

echo "Installing it apart from the checkout"
.venv/bin/python -I -m venv "$work/venv"
PIP_USER=0 "$work/venv/bin/python" -I -m pip install -q --no-input -c constraints.txt "$wheel" >"$work/log" 2>&1 ||
    { tail -n 15 "$work/log" >&2; exit 1; }

echo "Using it"
mkdir "$work/elsewhere"
cd "$work/elsewhere"
"$work/venv/bin/sbc-prevalence" --version
"$work/venv/bin/sbc-prevalence" validate scotland
"$work/venv/bin/sbc-prevalence" init project
[ -n "$(ls project)" ]
case $("$work/venv/bin/python" -c 'import sbc_prevalence; print(sbc_prevalence.__file__)') in
    "$root"/*) echo "the checkout was used, not the wheel" >&2; exit 1 ;;
esac
echo "release-check passed"
