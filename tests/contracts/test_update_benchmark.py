"""The committed benchmark of the whole update keeps its limits, and says what was run."""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LIMITS = {"sampling_cpu_seconds_warm": 60, "headline_seconds_cold": 180, "update_seconds_cold": 600, "peak_gb": 3}
HOLD_MEMORY = """
import subprocess, sys, time
if len(sys.argv) == 1:
    print("nothing yet", flush=True)
    time.sleep(0.3)
    print("the headline: 1", flush=True)
    subprocess.run([sys.executable, __file__, "child"], check=True)
    sys.exit(3)
held = bytearray(b"x" * 80_000_000)
end = time.process_time() + 0.4
while time.process_time() < end:
    pass
"""


@pytest.fixture(scope="module")
def update() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_update", ROOT / "benchmarks" / "update.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_update"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def last() -> dict:
    lines = (ROOT / "benchmarks" / "results" / "update.jsonl").read_text("utf-8").splitlines()
    return json.loads(lines[-1])


def test_every_figure_of_the_last_line_is_within_its_limit(last):
    assert set(last["figures"]) == set(LIMITS)
    assert {name: found for name, found in last["figures"].items() if not 0 < found < LIMITS[name]} == {}


def test_the_figures_are_those_of_the_two_runs(last, update):
    cold, warm = last["runs"]["cold"], last["runs"]["warm"]
    assert last["figures"] == update.figures_of(cold, warm)
    for run in (cold, warm):
        assert run["headline_seconds"] < run["seconds"]
        assert run["sampling_cpu_seconds"] < run["cpu_seconds"] <= last["machine"]["cores_used"] * run["seconds"] * 1.02


def test_both_runs_were_the_whole_update(last):
    cold, warm = last["runs"]["cold"], last["runs"]["warm"]
    assert cold["scenarios_shown"] == warm["scenarios_shown"] > 10


def test_the_cold_run_found_no_cache_and_the_warm_one_did(last):
    cold, warm = last["runs"]["cold"], last["runs"]["warm"]
    assert cold["cache_files_before"] == 0
    assert warm["cache_files_before"] == cold["cache_files_after"] > 100
    assert warm["compile_seconds"] < cold["compile_seconds"]


def test_the_last_line_names_its_command_its_version_and_what_it_ran_on(last, update):
    assert last["command"] == update.COMMAND
    assert last["measured"].startswith("sbc-prevalence run scotland ")
    assert re.fullmatch(r"(?:.+-g)?[0-9a-f]{7,40}|v?[0-9.]+", last["version"]), "a version with uncommitted changes"
    assert last["machine"]["cores_used"] == 2
    assert {"cores", "memory_gb", "python"} <= set(last["machine"])
    assert {"pymc", "nutpie", "numba"} <= set(last["packages"])


def test_the_command_is_a_target_that_runs_this_benchmark(update):
    target = update.COMMAND.removeprefix("make ")
    rule = re.search(rf"^{target}:.*## .+\n\t@(.+)$", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
    assert rule is not None
    assert rule[1].endswith("benchmarks/update.py")


def test_the_limits_are_those_that_were_asked_for(last, update):
    assert dict(update.LIMITS) == last["limits"] == LIMITS


@pytest.mark.parametrize("name", list(LIMITS))
@pytest.mark.parametrize("found", ["at the limit", "missing", "nan", "zero"])
def test_a_figure_that_is_not_within_its_limit_is_told(update, name, found):
    figures = {n: limit / 2 for n, limit in LIMITS.items()}
    assert update.not_within(figures) == []
    if found == "missing":
        del figures[name]
    else:
        figures[name] = {"at the limit": LIMITS[name], "nan": float("nan"), "zero": 0.0}[found]
    assert update.not_within(figures) == [name]
    assert update.table(figures).count("FAIL") == 1


def test_a_command_is_measured_with_all_that_it_starts(update, tmp_path):
    script = tmp_path / "hold.py"
    script.write_text(HOLD_MEMORY)
    found = update.measure([sys.executable, str(script)], os.environ, "headline:")
    assert found.code == 3
    assert 0.3 < found.headline_seconds < found.seconds - 0.3
    assert found.cpu_seconds > 0.4
    assert found.peak_bytes > 80_000_000


def test_memory_of_a_process_includes_that_of_its_descendants(update, tmp_path):
    for pid, parent, pages in ((10, 1, 5), (11, 10, 7), (12, 11, 11), (13, 1, 100)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a (strange) name) S {parent} 0 0")
        (tmp_path / str(pid) / "statm").write_text(f"900 {pages} 1 1 0 1 0")
    assert update.resident_bytes(10, tmp_path) == 23 * os.sysconf("SC_PAGE_SIZE")


def test_a_cold_run_is_given_new_folders_for_every_cache(update, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTENSOR_FLAGS", "base_compiledir=elsewhere,floatX=float64")
    env = update.cache_environment(tmp_path)
    assert env["PYTENSOR_FLAGS"] == f"floatX=float64,base_compiledir={tmp_path / 'pytensor'}"
    assert {Path(env[k]).parent for k in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR")} == {tmp_path}
