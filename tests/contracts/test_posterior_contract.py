"""A real, small fit: the compiled model is the described one, draws repeat, data swap, an interruption is refused."""

import _thread
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.posterior import Compiled, Fitted, compile_model, fit, load_fitted
from sbc_prevalence.posterior.sampling import FitProgress, RunSettings, run_sampler
from small_study import a_model, small_inputs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
MODEL = a_model()
ACCEPT = 0.98


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    """The small study, compiled once."""
    return compile_model(MODEL, small_inputs())


@pytest.fixture(scope="module")
def fitted(compiled: Compiled) -> Fitted:
    """A fit that passed its gate."""
    return fit(MODEL, small_inputs(), seed=11, compiled=compiled, progress=False, target_accept=ACCEPT)


def test_a_small_real_fit_passes_the_gate(fitted: Fitted) -> None:
    worst = fitted.gate.worst()
    assert fitted.gate.passed
    assert worst["rhat"] <= 1.01
    assert min(worst["ess_bulk"], worst["ess_tail"]) >= 400
    assert fitted.gate.divergences == 0
    assert len(fitted.gate.e_bfmi) == 4


def test_deaths_of_the_fit_are_near_the_deaths_given(fitted: Fitted) -> None:
    grid = fitted.inputs.grid
    expected = np.concatenate([part["deaths"].sum((1, 2)) * part["kappa"] for part in fitted.latent()])
    seen = (grid.years >= grid.first_data_year) & (grid.years <= grid.last_data_year)
    given = fitted.inputs.deaths_frame["count_lower"].mean()
    assert expected[:, seen].mean() == pytest.approx(given, rel=0.03)


def test_the_same_seed_gives_the_same_draws_on_one_core_and_on_several(compiled: Compiled) -> None:
    settings = RunSettings(chains=4, draws=50, tune=200, target_accept=0.9, seed=11)
    first, second = run_sampler(compiled, settings), run_sampler(compiled, replace(settings, cores=1))
    for name, values in first.blocks.items():
        np.testing.assert_array_equal(second.blocks[name], values)


ELSEWHERE = """
import sys
from sbc_prevalence.posterior import compile_model
from sbc_prevalence.posterior.sampling import RunSettings, run_sampler
from small_study import a_model, small_inputs
import numpy as np
run = run_sampler(compile_model(a_model(), small_inputs()), RunSettings(2, 20, 50, 0.9, 11, 1))
np.savez(sys.argv[1], **run.blocks)
"""


def test_a_program_compiled_here_and_one_from_the_cache_give_the_same_draws(compiled: Compiled, tmp_path: Path) -> None:
    here = run_sampler(compiled, RunSettings(2, 20, 50, 0.9, 11, 1)).blocks
    paths = f"import sys; sys.path[:0] = {[str(p) for p in sys.path if p]!r}\n"
    subprocess.run([sys.executable, "-c", paths + ELSEWHERE, str(tmp_path / "draws.npz")], check=True, timeout=600)
    there = np.load(tmp_path / "draws.npz")
    for name, values in here.items():
        np.testing.assert_array_equal(there[name], values)


def test_processor_time_is_that_of_the_chains_not_of_the_thread_that_waits(compiled: Compiled) -> None:
    run = run_sampler(compiled, RunSettings(chains=2, draws=200, tune=200, target_accept=0.9, seed=12, cores=1))
    assert run.cpu_seconds > 0.2 * run.seconds


def test_another_seed_gives_other_draws_of_the_same_posterior(compiled: Compiled, fitted: Fitted) -> None:
    other = fit(MODEL, small_inputs(), seed=12, compiled=compiled, progress=False, target_accept=ACCEPT)
    a, b = fitted.draws("survival_median"), other.draws("survival_median")
    assert not np.array_equal(a[:, :10], b[:, :10])
    assert a.mean() == pytest.approx(b.mean(), abs=0.3 * a.std())


def test_swapped_data_and_priors_move_the_fit_without_compiling(compiled: Compiled, fitted: Fitted) -> None:
    inputs = small_inputs()
    more = inputs.with_arrays({"deaths_values": np.round(1.5 * inputs.arrays["deaths_values"])})
    moved = fit(MODEL, more, seed=11, compiled=compiled, progress=False, target_accept=ACCEPT)

    def level(f: Fitted) -> float:
        return float(np.mean([(p["deaths"].sum((1, 2)) * p["kappa"]).mean() for p in f.latent()]))

    assert level(moved) == pytest.approx(1.5 * level(fitted), rel=0.05)
    fixed = MODEL.with_overrides(hazard_ratio_recurrent={"center": 0.0, "sd": 0.0, "reason": "a scenario"})
    held = fit(fixed, inputs, seed=11, compiled=compiled, progress=False, target_accept=ACCEPT)
    np.testing.assert_allclose(held.draws("hazard_ratio_recurrent"), 1.0)


def test_a_real_fit_survives_the_round_trip(fitted: Fitted, tmp_path: Path) -> None:
    found = load_fitted(fitted.save(tmp_path / "fit.nc"))
    for name, values in fitted.parameters.items():
        np.testing.assert_array_equal(found.parameters[name], values)
    assert str(found.gate) == str(fitted.gate)


@pytest.mark.timeout(300)
def test_an_interrupted_fit_is_refused(compiled: Compiled) -> None:
    timer = threading.Timer(2.0, _thread.interrupt_main)
    timer.start()
    with pytest.raises(FitRefused, match=r"interrupted after .* nothing of it is passed on"):
        fit(MODEL, small_inputs(), seed=1, compiled=compiled, draws=200_000, progress=False)
    timer.cancel()


@pytest.mark.timeout(300)
def test_an_interruption_that_strikes_inside_a_callback_is_not_lost(compiled: Compiled) -> None:
    struck = []

    def swallows(_: FitProgress) -> None:
        try:
            _thread.interrupt_main()
            time.sleep(0.01)
        except BaseException as lost:
            struck.append(lost)

    with pytest.raises(FitRefused, match=r"interrupted after .* nothing of it is passed on"):
        run_sampler(compiled, RunSettings(4, 200_000, 200, 0.9, 1), swallows)
    assert not struck
