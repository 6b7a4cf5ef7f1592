"""The set-up script believes no interpreter that it has not run, and notices what did not finish.

Nothing is installed here: `pip` is a stand-in that leaves empty packages behind, so that the search, the
stamp and the repair are exercised in seconds and without a network. The real install is what CI starts with.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "setup.sh"
# The interpreter itself, not the environment that the tests run in.
REAL = str(getattr(sys, "_base_executable", "") or sys.executable)
# All that the script, and the stand-ins below, may ask of the system.
PROVIDED = ("sh", "env", "cat", "cp", "date", "mkdir", "mktemp", "mv", "rm", "sed", "sleep", "tail")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the set-up script is for Linux and macOS")

STAND_IN_PIP = """
import os, pathlib, sys, time
site = pathlib.Path(__file__).resolve().parents[1]
if sys.argv[1] == "install":
    if sys.argv[-1] == ".[dev]":
        (site / "pytest").mkdir(exist_ok=True)
    (site / "began").touch()
    until = time.monotonic() + (60 if os.environ.get("PIP_STUCK") else 0)
    while time.monotonic() < until:
        time.sleep(0.05)
    if os.environ.get("PIP_FAILS"):
        sys.exit("no such package anywhere")
    (site / "sbc_prevalence").mkdir(exist_ok=True)
    with open(site / "installs", "a") as log:
        print(*sys.argv[2:], file=log)
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def working_python(path: Path) -> Path:
    """An interpreter that runs, and whose venv module makes an environment with the stand-in pip."""
    return executable(
        path,
        f'real="{REAL}"\n'
        'if [ "$2" = -m ] && [ "$3" = venv ]; then\n'
        '    "$real" -I -m venv --without-pip "$4" || exit 1\n'
        '    for site in "$4"/lib/python*/site-packages; do\n'
        '        mkdir "$site/pip" && : >"$site/pip/__init__.py"\n'
        '        cp "$STAND_IN_PIP" "$site/pip/__main__.py"\n'
        "    done\n"
        "else\n"
        '    exec "$real" "$@"\n'
        "fi",
    )


def broken_shim(path: Path) -> Path:
    return executable(path, "echo 'pyenv: command not found' >&2; exit 127")


def pretend_python(path: Path, version: str, *, venv: bool = True) -> Path:
    """A Python that says it has another version, or that lacks `venv` as Debian's does."""
    numbers = ", ".join(version.split("."))
    lie = f"import sys; sys.version_info = ({numbers}, 'final', 0)\n"
    if not venv:
        lie += "sys.modules['ensurepip'] = None\n"
    code = path.with_suffix(".lie")
    path.parent.mkdir(parents=True, exist_ok=True)
    code.write_text(lie, encoding="utf-8")
    return executable(path, f'exec "{REAL}" -I -c "$(cat "{code}"; printf \'%s\' "$3")"')


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a space in its name, holding `bin` with the few tools that the script may use."""
    place = tmp_path / "a place"
    (place / "bin").mkdir(parents=True)
    (place / "home").mkdir()
    for name in PROVIDED:
        found = shutil.which(name)
        assert found is not None, name
        (place / "bin" / name).symlink_to(found)
    (place / "pip.py").write_text(STAND_IN_PIP, encoding="utf-8")
    return place


def environment(place: Path, *folders: str, **more: str) -> dict[str, str]:
    path = os.pathsep.join([*(str(place / folder) for folder in folders), str(place / "bin")])
    return {
        "PATH": path,
        "HOME": str(place / "home"),
        "STAND_IN_PIP": str(place / "pip.py"),
        "TMPDIR": str(place),
        **more,
    }


def find(place: Path, *folders: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("sh") or "/bin/sh", str(SCRIPT), "--find-only"],
        env=environment(place, *folders, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# ---- the search ---------------------------------------------------------------------------------------


def test_a_shim_that_exits_127_does_not_shadow_a_working_python_later_on_path(place: Path) -> None:
    broken_shim(place / "shims" / "python3.13")
    good = working_python(place / "later" / "python3.13")
    assert find(place, "shims", "later").stdout.strip() == str(good)


def test_an_old_python3_and_broken_shims_lead_to_what_pyenv_holds(place: Path) -> None:
    for name in ("python3.12", "python3.13", "python3.14"):
        broken_shim(place / "shims" / name)
    pretend_python(place / "shims" / "python3", "3.11.7")
    pretend_python(place / "pyenv" / "versions" / "3.11.7" / "bin" / "python", "3.11.7")
    good = working_python(place / "pyenv" / "versions" / "3.12.1" / "bin" / "python3.12")
    assert find(place, "shims", PYENV_ROOT=str(place / "pyenv")).stdout.strip() == str(good)


def test_pyenv_is_looked_for_in_the_home_folder_without_its_variable(place: Path) -> None:
    good = working_python(place / "home" / ".pyenv" / "versions" / "3.14.0" / "bin" / "python3.14")
    assert find(place).stdout.strip() == str(good)


def test_the_folder_of_uv_is_searched_without_uv(place: Path) -> None:
    kept = place / "home" / ".local" / "share" / "uv" / "python" / "cpython-3.13.1-any"
    good = working_python(kept / "bin" / "python3.13")
    assert find(place).stdout.strip() == str(good)


def test_uv_is_asked_for_a_python_only_when_nothing_else_runs(place: Path) -> None:
    store = place / "uv store"
    spare = working_python(place / "spare" / "python")
    executable(
        place / "uv" / "uv",
        f'store="{store}"\n'
        'case "$*" in\n'
        '    --version) ;;\n'
        '    "python dir") echo "$store" ;;\n'
        f'    "python install 3.13") mkdir -p "$store/cpython-3.13.0-any/bin" && '
        f'cp "{spare}" "$store/cpython-3.13.0-any/bin/python3.13" ;;\n'
        "    *) exit 2 ;;\n"
        "esac",
    )
    fetched = find(place, "uv")
    assert fetched.stdout.strip() == str(store / "cpython-3.13.0-any" / "bin" / "python3.13")
    shutil.rmtree(store)
    good = working_python(place / "usual" / "python3")
    assert find(place, "uv", "usual").stdout.strip() == str(good)
    assert not store.exists()


def test_python_given_by_its_variable_comes_first(place: Path) -> None:
    working_python(place / "usual" / "python3.13")
    mine = working_python(place / "mine" / "my python")
    assert find(place, "usual", PYTHON=str(mine)).stdout.strip() == str(mine)


def test_a_given_python_that_does_not_run_is_named_and_passed_over(place: Path) -> None:
    good = working_python(place / "usual" / "python3.13")
    found = find(place, "usual", PYTHON="python9.9")
    assert found.stdout.strip() == str(good)
    assert "PYTHON=python9.9" in found.stderr


def test_the_order_on_path_is_3_13_then_3_12_then_3_14_then_python3(place: Path) -> None:
    names = ["python3.13", "python3.12", "python3.14", "python3"]
    for name in names:
        working_python(place / "usual" / name)
    for name in names:
        assert find(place, "usual").stdout.strip() == str(place / "usual" / name)
        (place / "usual" / name).unlink()


@pytest.mark.parametrize("version", ["2.7.18", "3.11.9", "3.15.0"])
def test_a_python_outside_the_supported_versions_is_not_taken(place: Path, version: str) -> None:
    pretend_python(place / "usual" / "python3", version)
    assert find(place, "usual").returncode == 1


@pytest.mark.parametrize("version", ["3.12.0", "3.13.5", "3.14.1"])
def test_a_python_of_a_supported_version_is_taken(place: Path, version: str) -> None:
    good = pretend_python(place / "usual" / "python3", version)
    assert find(place, "usual").stdout.strip() == str(good)


def test_with_no_python_at_all_one_sentence_says_what_to_install(place: Path) -> None:
    broken_shim(place / "shims" / "python3.12")
    broken_shim(place / "shims" / "python3")
    found = find(place, "shims")
    assert found.returncode == 1
    assert found.stdout == ""
    assert len(found.stderr.splitlines()) == 1
    assert "install Python 3.13" in found.stderr


def test_a_python_without_venv_is_named_with_the_package_to_install(place: Path) -> None:
    bare = pretend_python(place / "usual" / "python3.12", "3.12.3", venv=False)
    found = find(place, "usual")
    assert found.returncode == 1
    assert len(found.stderr.splitlines()) == 1
    assert str(bare) in found.stderr
    assert "python3.12-venv" in found.stderr


def test_the_script_takes_the_versions_that_pyproject_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    assert f"((3, {low}) <= sys.version_info[:2] < (3, {high}))" in SCRIPT.read_text(encoding="utf-8")


# ---- stamp and repair -----------------------------------------------------------------------------------


@pytest.fixture
def checkout(place: Path) -> Path:
    """A checkout with the script and its two inputs; the only Python is one with the stand-in pip."""
    checkout = place / "check out"
    (checkout / "tools").mkdir(parents=True)
    shutil.copy(SCRIPT, checkout / "tools" / "setup.sh")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, checkout / name)
    working_python(place / "usual" / "python3.13")
    return checkout


def run(checkout: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("sh") or "/bin/sh", str(checkout / "tools" / "setup.sh"), *arguments],
        env=environment(checkout.parent, "usual", **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _hears_interruptions() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(checkout: Path, **more: str) -> subprocess.Popen[bytes]:
    """A set-up whose pip is at work and does not come to an end by itself."""
    process = subprocess.Popen(
        [shutil.which("sh") or "/bin/sh", str(checkout / "tools" / "setup.sh")],
        env=environment(checkout.parent, "usual", PIP_STUCK="yes", **more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_hears_interruptions,  # a test run in the background ignores them, and so would what it starts
    )
    deadline = time.monotonic() + 30
    while not list(checkout.glob(".venv/lib/python*/site-packages/began")):
        assert time.monotonic() < deadline, "pip was never called"
        time.sleep(0.02)
    return process


def installs(checkout: Path) -> list[str]:
    return [
        line
        for log in checkout.glob(".venv/lib/python*/site-packages/installs")
        for line in log.read_text(encoding="utf-8").splitlines()
    ]


def test_a_set_up_ends_ready_and_is_not_repeated(checkout: Path) -> None:
    assert run(checkout, "--check").returncode == 1
    assert run(checkout).returncode == 0
    assert run(checkout, "--check").stdout.startswith("ready")
    again = run(checkout, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(installs(checkout)) == 1
    assert not (checkout / ".venv.lock").exists()


def test_the_install_is_constrained_editable_and_gives_no_address(checkout: Path) -> None:
    run(checkout)
    assert installs(checkout) == ["--no-input -c constraints.txt -e .[dev]"]
    for name in ("constraints.txt", "tools/setup.sh"):
        assert not re.search(r"https?://|index-url|--hash", (ROOT / name).read_text(encoding="utf-8"))


def test_running_needs_no_test_tools_and_testing_adds_them_in_place(checkout: Path) -> None:
    assert run(checkout, "run").returncode == 0
    assert run(checkout, "--check", "run").returncode == 0
    assert installs(checkout) == ["--no-input -c constraints.txt -e ."]
    needs_more = run(checkout, "--check")
    assert (needs_more.returncode, needs_more.stdout) == (1, "not ready: the tests need more packages\n")
    assert run(checkout, "--quiet", "run").stdout == ""
    assert run(checkout, "all").returncode == 0
    assert installs(checkout)[1:] == ["--no-input -c constraints.txt -e .[dev]"]
    assert run(checkout, "--check", "all").returncode == 0


def test_what_was_set_up_for_tests_stays_so(checkout: Path) -> None:
    run(checkout)
    again = run(checkout, "--quiet", "run")
    assert (again.returncode, again.stdout) == (0, "")
    constraints = checkout / "constraints.txt"
    constraints.write_text(constraints.read_text(encoding="utf-8") + "another==1.0\n", encoding="utf-8")
    run(checkout, "run")
    assert installs(checkout) == ["--no-input -c constraints.txt -e .[dev]"] * 2


def test_a_stamp_of_before_there_was_a_choice_stands_for_all(checkout: Path) -> None:
    run(checkout)
    stamp = checkout / ".venv" / "setup.stamp"
    text = stamp.read_text(encoding="utf-8")
    stamp.write_text(text.replace("for all\n", ""), encoding="utf-8")
    assert stamp.read_text(encoding="utf-8") != text
    for extent in ("run", "all"):
        assert run(checkout, "--check", extent).returncode == 0


def test_adding_what_tests_need_that_was_killed_is_noticed_and_one_that_failed_can_still_run(checkout: Path) -> None:
    run(checkout, "run")
    assert run(checkout, "all", PIP_FAILS="yes").returncode == 1
    assert run(checkout, "--check", "run").returncode == 0
    for mark in checkout.glob(".venv/lib/python*/site-packages/began"):
        mark.unlink()
    process = started(checkout)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 130
    assert "did not finish" in run(checkout, "--check", "run").stdout
    assert run(checkout, "run").returncode == 0


def test_an_argument_that_does_not_exist_is_refused(checkout: Path) -> None:
    assert run(checkout, "runn").returncode == 2
    assert run(checkout, "--chek").returncode == 2


def test_the_update_asks_for_what_running_needs_and_the_tests_for_all() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    needs = dict(re.findall(r"^([a-z-]+): *([a-z- ]*?) *(?:##.*)?$", makefile, flags=re.MULTILINE))
    assert needs["update"] == "ready-to-run"
    assert {needs[target] for target in ("test", "quick", "lint", "tests", "notebooks")} == {"ready"}
    assert "tools/setup.sh --quiet run\n" in makefile


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_install_is_noticed_and_repaired(checkout: Path, way: signal.Signals) -> None:
    process = started(checkout)
    worker = int((checkout / ".venv.lock" / "child").read_text(encoding="utf-8"))
    process.send_signal(way)
    assert process.wait(timeout=20) == 130
    with pytest.raises(ProcessLookupError):  # no pip goes on writing behind the back of the next run
        os.kill(worker, 0)
    assert "did not finish" in run(checkout, "--check").stdout
    repaired = run(checkout)
    assert repaired.returncode == 0, repaired.stderr
    assert "did not finish" in repaired.stdout
    assert run(checkout, "--check").returncode == 0


def test_a_killed_set_up_leaves_a_lock_that_the_next_run_outlives(checkout: Path) -> None:
    process = started(checkout)
    worker = int((checkout / ".venv.lock" / "child").read_text(encoding="utf-8"))
    process.kill()
    process.wait(timeout=20)
    assert (checkout / ".venv.lock").exists()
    os.kill(worker, signal.SIGKILL)
    assert run(checkout).returncode == 0
    assert run(checkout, "--check").returncode == 0


def test_a_failed_install_says_why_and_leaves_nothing_that_looks_finished(checkout: Path) -> None:
    failed = run(checkout, PIP_FAILS="yes")
    assert failed.returncode == 1
    assert "no such package anywhere" in failed.stderr
    assert run(checkout, "--check").returncode == 1
    assert run(checkout).returncode == 0


def test_changed_dependencies_make_the_environment_stale_and_a_failed_update_keeps_it(checkout: Path) -> None:
    run(checkout)
    constraints = checkout / "constraints.txt"
    constraints.write_text(constraints.read_text(encoding="utf-8") + "another==1.0\n", encoding="utf-8")
    assert "dependencies have changed" in run(checkout, "--check").stdout
    assert run(checkout, PIP_FAILS="yes").returncode == 1
    assert "dependencies have changed" in run(checkout, "--check").stdout
    assert run(checkout).returncode == 0
    assert len(installs(checkout)) == 2  # brought up to date in place, not made anew


def test_a_setting_that_does_not_touch_the_install_leaves_the_environment_ready(checkout: Path) -> None:
    run(checkout)
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8") + "\n[tool.another]\nkey = 1\n", encoding="utf-8")
    assert run(checkout, "--check").returncode == 0


def test_a_moved_checkout_is_set_up_anew(checkout: Path) -> None:
    run(checkout)
    moved = checkout.rename(checkout.with_name("moved"))
    assert "moved" in run(moved, "--check").stdout
    assert run(moved).returncode == 0
    assert run(moved, "--check").returncode == 0


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path) -> None:
    run(checkout)
    for link in (checkout / ".venv" / "bin").glob("python*"):
        link.unlink()
    assert "does not run" in run(checkout, "--check").stdout
    assert run(checkout).returncode == 0
    assert run(checkout, "--check").returncode == 0


def test_a_package_removed_by_hand_is_noticed(checkout: Path) -> None:
    run(checkout)
    for package in checkout.glob(".venv/lib/python*/site-packages/sbc_prevalence"):
        package.rmdir()
    assert "packages are missing" in run(checkout, "--check").stdout


def test_a_faulty_project_file_is_reported_and_costs_no_environment(checkout: Path) -> None:
    run(checkout)
    (checkout / "pyproject.toml").write_text("[[", encoding="utf-8")
    faulty = run(checkout)
    assert faulty.returncode == 1
    assert "cannot read its inputs" in faulty.stderr
    assert installs(checkout)
