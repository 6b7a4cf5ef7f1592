"""The committed recovery study: calibrated, complete, and of the model as it is now.

The study takes hours and is run by `make study`; its result lies in `results/`. These tests read it. Where it is
absent they are skipped, and the release check (`python -m sbc_prevalence.recovery --check`) fails.
"""

from pathlib import Path

import pytest
from scipy import stats

from sbc_prevalence.posterior.recovery import LEVELS, QUANTITIES
from sbc_prevalence.posterior.recovery_summary import summarise
from sbc_prevalence.recovery import check, read_lines, sidecar

RESULT = Path(__file__).parent / "results" / "scotland-100.jsonl"
WORLDS = 100
FEWEST_FITTED = 95
BOUNDS = {"50": (37, 63), "80": (69, 90), "95": (89, 100)}

FOUND = len(read_lines(RESULT)) if RESULT.exists() else 0

pytestmark = pytest.mark.skipif(
    FOUND < WORLDS, reason=f"the recovery study is not finished ({FOUND} of {WORLDS} worlds): make study")


@pytest.fixture(scope="module")
def summary():
    return summarise(read_lines(RESULT))


def test_every_world_is_accounted_for(summary):
    assert sorted(line["world"] for line in read_lines(RESULT)) == list(range(1, WORLDS + 1))
    assert summary["fitted"] + len(summary["refused"]) == WORLDS


def test_hardly_any_fit_is_refused_and_each_refusal_says_why(summary):
    assert summary["fitted"] >= FEWEST_FITTED
    assert all(line["reason"] for line in read_lines(RESULT) if line["refused"])


@pytest.mark.parametrize("level", [str(level) for level in LEVELS])
def test_intervals_of_the_national_living_count_hold_the_truth_as_often_as_they_say(summary, level):
    """Out of all worlds: a refused one can be neither a hit nor a miss, so it widens the bounds on both sides."""
    low, high = BOUNDS[level]
    hits = summary["hits"]["living"][level]["hits"]
    assert low <= hits + len(summary["refused"])
    assert hits <= high


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_ranks_of_the_truth_are_uniform(summary, quantity):
    assert stats.kstest(summary["ranks"][quantity], stats.uniform.cdf).pvalue > 0.005


def test_boards_are_covered(summary):
    """Boards of one world share their error, so the bounds are those of the worlds, as shares."""
    for level in LEVELS:
        low, high = BOUNDS[str(level)]
        assert low / 100 <= summary["areas"][str(level)] / summary["areas"]["places"] <= high / 100


def test_every_fit_passed_the_gate_at_the_headline():
    for line in read_lines(RESULT):
        if not line["refused"]:
            found = line["diagnostics"]
            assert found["rhat"] <= 1.01
            assert min(found["ess_bulk"], found["ess_tail"]) >= 400
            assert found["divergences"] == 0


@pytest.mark.study
def test_the_study_was_made_with_the_current_model():
    """Log density and gradient at the stored points; the release check asks the same by its own command."""
    assert sidecar(RESULT).exists()
    assert check(RESULT) == []
