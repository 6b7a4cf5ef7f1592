#!/bin/sh
# Sets up this checkout: finds a Python that works, makes .venv, installs the package into it.
#
#   sh tools/setup.sh [run|all]             set up, or repair, or bring up to date
#   sh tools/setup.sh --quiet [run|all]     the same, silent when there is nothing to do
#   sh tools/setup.sh --check [run|all]     say in one line whether .venv is ready (exit 0) or not (exit 1)
#   sh tools/setup.sh --find-only           print the interpreter that set-up would use
#
# run: the package and what it needs to run. all (the default): also what tests, types, notebooks and Spark need.
# A .venv that has all stays so: "run" adds nothing to it and takes nothing away.
#
# The stamp (.venv/setup.stamp) is written last. No stamp means that the last set-up did not finish, and
# .venv is made anew. A stamp that no longer matches (other dependencies, other constraints) means that
# packages are brought up to date in place. Works for Linux and macOS, with spaces in the path.

set -u

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
ROOT=$(CDPATH='' cd -- "$here/.." && pwd) || exit 1
VENV=$ROOT/.venv
STAMP=$VENV/setup.stamp
LOG=$VENV/setup.log
LOCK=$ROOT/.venv.lock
UV_HOME=${XDG_DATA_HOME:-${HOME:-/nonexistent}/.local/share}/uv/python

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# ---- finding an interpreter -------------------------------------------------------------------------

# Run by every candidate before it is believed. Must parse in any Python, 2.7 included.
# Exits 10: not a version we support, 11: no venv module (Debian packs it apart), 12: no ssl or zlib.
PROBE='
import sys
if not ((3, 12) <= sys.version_info[:2] < (3, 15)):
    sys.exit(10)
import sysconfig
if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(10)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(11)
try:
    import ssl, zlib
except ImportError:
    sys.exit(12)
inside_venv = sys.prefix != sys.base_prefix
print((getattr(sys, "_base_executable", "") or sys.executable) if inside_venv else "")
'

FOUND=
LACKS_VENV=

# consider FILE: 0 and FOUND if FILE runs and is a Python that will do.
consider() {
    [ -f "$1" ] && [ -x "$1" ] || return 1
    base=$("$1" -I -c "$PROBE" 2>/dev/null </dev/null)
    case $? in
        0) FOUND=${base:-$1} ;;
        11) LACKS_VENV=${LACKS_VENV:-$1}; return 1 ;;
        *) return 1 ;;
    esac
}

# consider_on_path NAME: every NAME on PATH, so that one broken shim does not hide a good one behind it.
consider_on_path() {
    name=$1
    old_ifs=$IFS; IFS=:; set -f
    # shellcheck disable=SC2086
    set -- ${PATH:-}
    set +f; IFS=$old_ifs
    for folder do
        consider "${folder:-.}/$name" && return 0
    done
    return 1
}

# consider_folder FOLDER PREFIX: interpreters kept as FOLDER/PREFIX3.13*/bin/python3.13.
consider_folder() {
    [ -d "$1" ] || return 1
    for minor in 13 12 14; do
        for kept in "$1/${2}3.$minor"*; do
            consider "$kept/bin/python3.$minor" && return 0
            consider "$kept/bin/python" && return 0
        done
    done
    return 1
}

uv_on_path() { command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1 </dev/null; }

consider_uv_folder() {
    uv_folder=
    if [ -n "$1" ]; then uv_folder=$("$1" python dir 2>/dev/null </dev/null); fi
    consider_folder "${uv_folder:-${UV_PYTHON_INSTALL_DIR:-$UV_HOME}}" cpython-
}

# The last resort: uv fetches a Python. Without uv, any old Python 3 may lend it a throwaway folder.
fetch_with_uv() {
    uv_command=
    throwaway=
    if uv_on_path; then
        uv_command=uv
    else
        for name in python3 python; do
            candidate=$(command -v "$name" 2>/dev/null) || continue
            "$candidate" -I -c 'import ensurepip, ssl, venv' >/dev/null 2>&1 </dev/null || continue
            throwaway=$(mktemp -d 2>/dev/null) || return 1
            if "$candidate" -I -m venv "$throwaway" >/dev/null 2>&1 </dev/null &&
                "$throwaway/bin/python" -I -m pip install -q uv >/dev/null 2>&1 </dev/null; then
                uv_command=$throwaway/bin/uv
                break
            fi
            rm -rf "$throwaway"; throwaway=
        done
    fi
    got=1
    if [ -n "$uv_command" ]; then
        complain "No Python 3.12 to 3.14 here: asking uv for Python 3.13"
        UV_PYTHON_INSTALL_BIN=0 "$uv_command" python install 3.13 >/dev/null 2>&1 </dev/null &&
            consider_uv_folder "$uv_command" && got=0
    fi
    if [ -n "$throwaway" ]; then rm -rf "$throwaway"; fi
    return $got
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        given=$(command -v "$PYTHON" 2>/dev/null) || given=$PYTHON
        case $given in /*) ;; *) given=$PWD/$given ;; esac
        consider "$given" && return 0
        complain "PYTHON=$PYTHON is not a Python 3.12 to 3.14 that runs and has venv: looking further"
    fi
    for name in python3.13 python3.12 python3.14 python3; do
        consider_on_path "$name" && return 0
    done
    consider_folder "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}/versions" '' && return 0
    if uv_on_path; then uv=uv; else uv=; fi
    consider_uv_folder "$uv" && return 0
    fetch_with_uv && return 0
    if [ -n "$LACKS_VENV" ]; then
        complain "The Python at $LACKS_VENV has no venv module: install it (on Debian and Ubuntu the" \
            "package python3-venv, or python3.12-venv and the like), or name another Python 3.12 to 3.14" \
            "by PYTHON=/path/to/python3."
    else
        complain "No Python 3.12, 3.13 or 3.14 that runs was found: install Python 3.13 with its venv" \
            "module (by your system's package manager, pyenv or uv), or name one by PYTHON=/path/to/python3.13."
    fi
    return 1
}

# ---- is .venv what pyproject.toml and constraints.txt ask for? --------------------------------------

# Prints what the stamp should say. Only what decides the install counts: a changed ruff setting does not.
EXPECTED='
import hashlib, importlib.util, json, pathlib, sys, tomllib
root = pathlib.Path(sys.argv[1])
try:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    constraints = (root / "constraints.txt").read_bytes()
except (OSError, ValueError) as fault:
    sys.exit(print(f"set-up cannot read its inputs: {fault}", file=sys.stderr) or 20)
asked = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("hatch")]
digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode() + constraints).hexdigest()
needed = ("pip", "sbc_prevalence") + (("pytest",) if sys.argv[2] == "all" else ())
there = all(importlib.util.find_spec(name) for name in needed)
print("python", sys.version.split()[0])
print("checkout", root)
print("inputs", digest)
print("installed", "yes" if there else "no")
print("for", sys.argv[2])
'

expected() { "$VENV/bin/python" -I -c "$EXPECTED" "$ROOT" "$EXTENT" </dev/null; }
line_of() { printf '%s\n' "$2" | sed -n "s/^$1 //p"; }

# has: what the stamp says that .venv holds; a stamp of before there was a choice holds all.
has() { held=$(line_of for "$1"); printf '%s\n' "${held:-all}"; }

# Sets STATE (ready, stale or remake) and WHY, a phrase for people.
look() {
    STATE=remake
    if [ ! -e "$VENV" ] && [ ! -h "$VENV" ]; then WHY="there is no .venv"; return; fi
    if [ ! -f "$STAMP" ]; then WHY="the last set-up did not finish"; return; fi
    stamped=$(cat "$STAMP")
    held=$(has "$stamped")
    EXTENT=$ASKED
    if [ "$held" = all ]; then EXTENT=all; fi
    wanted=$(expected 2>/dev/null)
    case $? in
        0) ;;
        20) expected >/dev/null; exit 1 ;;
        *) WHY="its Python does not run"; return ;;
    esac
    if [ "$(line_of checkout "$stamped")" != "$ROOT" ]; then WHY="the checkout was moved"; return; fi
    if [ "$(line_of python "$stamped")" != "$(line_of python "$wanted")" ]; then
        WHY="its Python was exchanged"; return
    fi
    if [ -n "${PYTHON:-}" ]; then
        asked=$("$PYTHON" -I -c 'import sys; print(sys.version.split()[0])' 2>/dev/null </dev/null)
        case $asked in
            "$(line_of python "$wanted")") ;;
            3.12.* | 3.13.* | 3.14.*) WHY="PYTHON asks for Python $asked"; return ;;
        esac
    fi
    if [ "$held" != "$EXTENT" ]; then STATE=stale; WHY="the tests need more packages"; return; fi
    if [ "$(line_of installed "$wanted")" != yes ]; then WHY="packages are missing"; return; fi
    if [ "$(line_of inputs "$stamped")" != "$(line_of inputs "$wanted")" ]; then
        STATE=stale; WHY="the dependencies have changed"; return
    fi
    STATE=ready; WHY="Python $(line_of python "$wanted")"
}

# ---- making it so ------------------------------------------------------------------------------------

child=

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

interrupted() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; fi
    rm -rf "$LOCK"
    complain "Set-up interrupted; the next run repairs it"
    exit 130
}

# One set-up at a time. A killed one leaves its lock, and perhaps its pip at work: that is waited for.
take_lock() {
    told=
    until mkdir "$LOCK" 2>/dev/null; do
        if [ ! -d "$LOCK" ]; then complain "Set-up cannot write to $ROOT"; exit 1; fi
        [ -s "$LOCK/shell" ] || sleep 1
        holder=$(cat "$LOCK/shell" 2>/dev/null)
        worker=$(cat "$LOCK/child" 2>/dev/null)
        if alive "$holder" || alive "$worker"; then
            [ -n "$told" ] || complain "Waiting for another set-up of this checkout (process $holder $worker;" \
                "if there is none, remove $LOCK)"
            told=yes
            sleep 1
        else
            rm -rf "$LOCK"
        fi
    done
    printf '%s\n' "$$" >"$LOCK/shell"
    trap interrupted INT TERM HUP
}

# run COMMAND...: in the background, so that an interrupt reaches us at once; its words go to the log.
run() {
    "$@" >>"$LOG" 2>&1 </dev/null &
    child=$!
    printf '%s\n' "$child" >"$LOCK/child"
    wait "$child"
    code=$?
    child=
    rm -f "$LOCK/child"
    return $code
}

give_up() {
    complain "$1 The end of $LOG:"
    tail -n 15 "$LOG" | sed 's/^/    /' >&2
    rm -rf "$LOCK"
    exit 1
}

# PIP_USER=0: a user-wide "install into my home" setting cannot work inside .venv. Else pip's own settings count.
pip() { run env PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$VENV/bin/python" -I -m pip "$@"; }

install() {
    case $EXTENT in all) what='.[dev]' ;; *) what=. ;; esac
    pip install --no-input -c constraints.txt -e "$what" && pip check
}

set_up() {
    take_lock
    look # again: whoever held the lock may have done the work
    if [ "$STATE" = ready ]; then rm -rf "$LOCK"; return; fi
    cd "$ROOT" || exit 1
    began=$(date +%s)
    if [ "$STATE" = remake ]; then
        if ! find_python; then rm -rf "$LOCK"; exit 1; fi
        say "Making .venv ($WHY) with $FOUND"
        rm -rf "$VENV"
        mkdir "$VENV" || { rm -rf "$LOCK"; exit 1; }
        : >"$LOG"
        run "$FOUND" -I -m venv "$VENV" || give_up "Python could not make .venv."
        case $EXTENT in all) words="the package and what running and testing it need" ;; *) words="the package and what it needs to run" ;; esac
        say "Installing $words (1 to 3 minutes the first time)"
        install || give_up "The packages could not be installed."
    else
        say "Bringing .venv up to date ($WHY)"
        kept=$(cat "$STAMP")
        rm -f "$STAMP"
        : >"$LOG"
        if ! install; then
            printf '%s\n' "$kept" >"$STAMP" # pip took its steps back: still stale, not half made
            give_up "The packages could not be brought up to date."
        fi
    fi
    wanted=$(expected 2>>"$LOG") || give_up "The new .venv does not run."
    [ "$(line_of installed "$wanted")" = yes ] || give_up "The new .venv lacks the package."
    printf '%s\n' "$wanted" >"$STAMP.part" && mv "$STAMP.part" "$STAMP"
    rm -rf "$LOCK"
    say "Set up in $(($(date +%s) - began)) s: .venv, Python $(line_of python "$wanted")"
}

option=
case ${1:-} in -*) option=$1; shift ;; esac
ASKED=${1:-all}
EXTENT=$ASKED
case $ASKED in
    run | all) ;;
    *) complain "tools/setup.sh: unknown argument $ASKED (known: run, all)"; exit 2 ;;
esac

case $option in
    --find-only)
        find_python || exit 1
        say "$FOUND"
        ;;
    --check)
        look
        if [ "$STATE" = ready ]; then say "ready: $WHY"; exit 0; fi
        say "not ready: $WHY"
        exit 1
        ;;
    '' | --quiet)
        look
        if [ "$STATE" != ready ]; then
            set_up
        elif [ -z "$option" ]; then
            say "Set up: .venv, $WHY"
        fi
        ;;
    *)
        complain "tools/setup.sh: unknown option $option (known: --quiet, --check, --find-only)"
        exit 2
        ;;
esac
