"""Import under one second and --help under two, without loading PyMC; beside Python starting with nothing to do."""

import subprocess
import sys

import pytest
from timing import best_seconds

HEAVY = ("pymc", "pytensor", "nutpie", "matplotlib", "arviz")
CASES = {
    "import sbc_prevalence": ([sys.executable, "-c", "import sbc_prevalence"], 1.0),
    "sbc-prevalence --help": (
        [sys.executable, "-c", "import sys; sys.argv[1:] = ['--help']; from sbc_prevalence.cli import main; main()"],
        2.0)}


def ran(command):
    return subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.mark.parametrize("name", list(CASES))
def test_starting_is_quick(benchmark, name):
    command, limit = CASES[name]
    benchmark.pedantic(ran, args=(command,), rounds=5, warmup_rounds=1)
    nothing = best_seconds(lambda: ran([sys.executable, "-c", "pass"]))
    benchmark.extra_info.update({"limit seconds": limit, "times an empty Python": benchmark.stats["min"] / nothing})
    assert benchmark.stats["min"] < limit


@pytest.mark.parametrize("name", list(CASES))
def test_starting_loads_nothing_heavy(benchmark, name):
    command, _ = CASES[name]
    said = benchmark.pedantic(ran, args=([command[0], "-X", "importtime", *command[1:]],), rounds=1).stderr
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in said.splitlines() if "|" in line}
    assert "sbc_prevalence" in loaded
    assert not loaded & set(HEAVY)
