"""Fit: what is asked, what is refused, how a run is extended, how one program serves many studies."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fitted_factory import MODEL, ideal_run, inputs_of

from sbc_prevalence.errors import ConfigError, EvidenceError, FitRefused, ModelError, SbcPrevalenceWarning
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.survival import LogLogisticSurvival, WeibullSurvival
from sbc_prevalence.posterior import Compiled, GateLimits, fit, sampling
from sbc_prevalence.posterior.agreement import check_agreement, log_density
from sbc_prevalence.posterior.compiled import array_shapes, structure_key
from sbc_prevalence.posterior.sampling import FitProgress, Run, RunSettings, run_sampler, watching
from small_study import AREAS, bundle

fit_module = sys.modules["sbc_prevalence.posterior.fit"]


def stub(inputs: ModelInputs) -> Compiled:
    """A program that is never run."""
    program: Any = SimpleNamespace(for_nutpie=lambda: None)
    return Compiled(MODEL, inputs, structure_key(MODEL, inputs), array_shapes(MODEL, inputs), program, 0.0)


def sampled_by(monkeypatch: pytest.MonkeyPatch, make: Callable[[RunSettings, int], Run]) -> list[RunSettings]:
    """Replace the sampler; the settings of each run are noted."""
    asked: list[RunSettings] = []

    def run(compiled: Compiled, settings: RunSettings, watch: Any = None, stage: str = "") -> Run:
        asked.append(settings)
        return make(settings, len(asked))

    monkeypatch.setattr(fit_module, "run_sampler", run)
    return asked


def small_fit(inputs: ModelInputs | None = None, **settings: Any) -> Any:
    """A fit of the small study with a program that is never run."""
    inputs = inputs or inputs_of()
    return fit(MODEL, inputs, **{"seed": 7, "draws": 500, "tune": 20, "compiled": stub(inputs), "progress": False,
                                 **settings})


def test_a_sound_run_is_passed_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sampled_by(monkeypatch, lambda s, n: ideal_run(s))
    fitted = small_fit()
    assert len(asked) == 1
    assert fitted.gate.passed
    assert list(fitted.parameters) == list(MODEL.parameters(fitted.inputs).names)
    assert fitted.sampler["name"] == "nutpie"
    assert fitted.sampler["seed"] == 7
    assert fitted.sampler["extensions"] == 0
    assert set(fitted.sampler["versions"]) >= {"numpy", "pymc", "pytensor", "numba", "nutpie"}


def test_divergences_lengthen_the_run_and_shorten_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sampled_by(monkeypatch, lambda s, n: ideal_run(s, divergences=3 if n < 3 else 0))
    fitted = small_fit()
    assert [s.draws for s in asked] == [500, 1000, 2000]
    assert [s.tune for s in asked] == [20, 40, 80]
    assert [round(s.target_accept, 3) for s in asked] == [0.95, 0.97, 0.99]
    assert len({s.seed for s in asked}) == 3
    assert fitted.n_draws == 8000
    assert [r["divergences"] for r in fitted.sampler["runs"]] == [3, 3, 0]
    assert fitted.sampler["cpu_seconds"] == pytest.approx(3 * ideal_run(asked[0]).cpu_seconds)


def test_too_few_effective_draws_lengthen_the_run_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sampled_by(monkeypatch, lambda s, n: ideal_run(s))
    small_fit(draws=60, limits=GateLimits(rhat=1.1, ess=400.0))
    assert [s.draws for s in asked][:2] == [60, 120]
    assert {s.target_accept for s in asked} == {0.95}


def test_a_fit_that_stays_bad_is_refused_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sampled_by(monkeypatch, lambda s, n: ideal_run(s, divergences=2))
    with pytest.raises(FitRefused, match=r"after 2 longer runs: 1 requirement is not met\n  1. 2 divergent") as got:
        small_fit()
    assert len(asked) == 3
    assert "Raise 'target_accept'" in str(got.value)
    assert got.value.exit_code == 3


def test_a_refusal_that_longer_runs_may_mend_names_the_table_and_the_keys_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampled_by(monkeypatch, lambda s, n: ideal_run(s, divergences=2))
    with pytest.raises(FitRefused) as got:
        small_fit(target_accept=0.9)
    assert str(got.value).splitlines()[-1] == (
        "These keys are in the table [sampler] of the configuration file; this fit had draws = 500, tune = 20, "
        "target_accept = 0.9, max_extensions = 2.")


@pytest.mark.parametrize("what", ["draws", "chains"])
def test_an_interrupted_run_is_refused_without_another_try(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    def cut(settings: RunSettings, n: int) -> Run:
        run = ideal_run(settings)
        chosen = (slice(None), slice(0, 300)) if what == "draws" else (slice(0, 2),)
        return Run({k: v[chosen] for k, v in run.blocks.items()}, {k: v[chosen] for k, v in run.stats.items()}, 0.1, 0.2)

    asked = sampled_by(monkeypatch, cut)
    with pytest.raises(FitRefused, match="the fit is incomplete"):
        small_fit()
    assert len(asked) == 1


def test_a_chain_off_to_infinity_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wild(settings: RunSettings, n: int) -> Run:
        run = ideal_run(settings)
        blocks = {k: v.copy() for k, v in run.blocks.items()}
        blocks["noise"][2] *= 60.0
        return Run(blocks, run.stats, 0.1, 0.2)

    asked = sampled_by(monkeypatch, wild)
    with pytest.raises(FitRefused, match=r"more people living|not finite"):
        small_fit()
    assert len(asked) == 1


@pytest.mark.parametrize(("setting", "value"), [
    ("seed", -1), ("seed", 1.5), ("seed", True), ("chains", 0), ("draws", 0), ("tune", 1), ("target_accept", 1.0),
    ("target_accept", 90), ("max_extensions", -1)])
def test_settings_that_make_no_sense_are_refused(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"'{setting}' must"):
        small_fit(**{setting: value})


def test_a_bundle_needs_its_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="a bundle needs 'areas'"):
        fit(MODEL, bundle(), seed=1)
    with pytest.raises(ModelError, match="evidence must be an EvidenceBundle"):
        fit(MODEL, {}, seed=1)  # type: ignore[arg-type]
    monkeypatch.setattr(fit_module, "compile_model", lambda model, inputs: stub(inputs))
    monkeypatch.setattr(fit_module, "run_sampler", lambda *a, **k: pytest.skip("reached the sampler"))
    with pytest.raises(pytest.skip.Exception):
        fit(MODEL, bundle(), areas=AREAS, seed=1, progress=False)


@pytest.mark.parametrize(("name", "value", "code"), [
    ("deaths_values", np.nan, "E-NOT-FINITE"), ("point_value", np.inf, "E-NOT-FINITE"),
    ("deaths_values", 40.5, "E-NOT-WHOLE"), ("deaths_values", -1.0, "E-IMPOSSIBLE")])
def test_numbers_that_samplers_swallow_are_refused_first(name: str, value: float, code: str) -> None:
    values = np.array(inputs_of().arrays[name], dtype=float)
    values.flat[0] = value
    with pytest.raises(EvidenceError, match=code):
        small_fit(inputs_of().with_arrays({name: values}))


def test_a_prior_that_is_not_a_number_is_refused() -> None:
    model = MODEL.with_overrides(survival_median={"center": float("nan"), "reason": "x"})
    with pytest.raises(ModelError, match="the priors of survival_median"):
        fit(model, inputs_of(), seed=1, progress=False)


def test_a_fit_without_counts_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = inputs_of().without("deaths")
    sampled_by(monkeypatch, lambda s, n: ideal_run(s))
    with pytest.warns(SbcPrevalenceWarning, match="no count of deaths"):
        fitted = small_fit(bare)
    assert not fitted.rests_on_counts


def test_the_same_seed_gives_the_same_prior_only_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled_by(monkeypatch, lambda s, n: ideal_run(s))
    first, second, other = small_fit(), small_fit(), small_fit(seed=8)
    np.testing.assert_array_equal(first.draws("area_effect"), second.draws("area_effect"))
    assert not np.array_equal(first.draws("area_effect"), other.draws("area_effect"))


def test_log_densities_that_differ_by_a_constant_agree_and_others_do_not() -> None:
    inputs = inputs_of()
    run = ideal_run(RunSettings(4, 30, 10, 0.9, 3))
    ours = log_density(MODEL, inputs, run, np.arange(120)).reshape(4, 30)
    check_agreement(MODEL, inputs, replace(run, stats={**run.stats, "logp": ours + 12.5}))
    changed = inputs.with_arrays({"deaths_values": inputs.arrays["deaths_values"] + 3})
    with pytest.raises(ModelError, match="does not agree with its description"):
        check_agreement(MODEL, changed, replace(run, stats={**run.stats, "logp": ours}))


def test_the_key_sees_form_and_constants_and_not_data_or_priors() -> None:
    inputs = inputs_of()
    key = structure_key(MODEL, inputs)
    assert key == structure_key(MODEL, inputs.with_arrays({"deaths_values": inputs.arrays["deaths_values"] + 1}))
    assert key == structure_key(MODEL.with_overrides(hazard_ratio_recurrent={"center": 0.0, "sd": 0.0}), inputs)
    assert key == structure_key(replace(MODEL, judgement_width=0.5), inputs)
    assert key != structure_key(replace(MODEL, survival=LogLogisticSurvival()), inputs)
    assert key != structure_key(replace(MODEL, survival=WeibullSurvival(trend="none")), inputs)
    assert key != structure_key(MODEL, replace(inputs, floor=inputs.floor * 1.1))
    assert key != structure_key(MODEL, replace(inputs, points=replace(
        inputs.points, duration=inputs.points.duration + 0.5)))
    assert inputs.recurrence is not None
    assert key != structure_key(MODEL, replace(inputs, recurrence=replace(
        inputs.recurrence, within=inputs.recurrence.within * 1.1)))


def test_a_program_of_other_shapes_or_constants_is_refused() -> None:
    inputs = inputs_of()
    compiled = stub(inputs)
    longer = inputs.with_arrays({"deaths_weight": np.ones(64)})
    with pytest.raises(ModelError, match=r"other shapes: 'deaths_weight' \(32,\) against \(64,\)"):
        compiled.with_inputs(MODEL, longer)
    with pytest.raises(ModelError, match="another form or other constants"):
        compiled.with_inputs(MODEL, replace(inputs, floor=inputs.floor * 1.1))
    assert not compiled.fits(MODEL, longer)
    assert compiled.fits(replace(MODEL, judgement_width=2.0), inputs)


def test_a_keyboard_interruption_is_refused_and_cancels_the_chains(monkeypatch: pytest.MonkeyPatch) -> None:
    nutpie = pytest.importorskip("nutpie")
    cancelled: list[bool] = []

    class Interrupted:
        def wait(self, timeout: float | None = None) -> None:
            raise KeyboardInterrupt

        def cancel(self) -> None:
            cancelled.append(True)

    monkeypatch.setattr(nutpie, "sample", lambda *a, **k: Interrupted())
    with pytest.raises(FitRefused, match="interrupted after 0 of 400 draws: nothing of it is passed on"):
        run_sampler(stub(inputs_of()), RunSettings(4, 50, 50, 0.9, 1))
    assert cancelled == [True]


def test_a_sampler_that_cannot_start_is_refused_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    nutpie = pytest.importorskip("nutpie")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("All initialization points failed\nmore")

    monkeypatch.setattr(nutpie, "sample", fail)
    with pytest.raises(FitRefused, match=r"could not run: All initialization points failed. If it found no place"):
        run_sampler(stub(inputs_of()), RunSettings(4, 50, 50, 0.9, 1))


def test_progress_goes_to_the_caller_or_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[FitProgress] = []
    with watching(seen.append) as watch:
        assert watch is not None
        watch(FitProgress("Sampling", 1, 2, 0))
    assert seen == [FitProgress("Sampling", 1, 2, 0)]
    with watching(False) as watch:
        assert watch is None
    with watching(True) as watch:
        assert watch is None or callable(watch)
    assert capsys.readouterr().out == ""


def test_without_a_terminal_an_extension_is_one_plain_line_and_the_rest_is_silent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with watching(True) as watch:
        assert watch is not None
        for stage in ("Compiling", "Sampling", "Sampling for longer (1 of 2)", "Sampling for longer (2 of 2)"):
            for done in (0, 5):
                watch(FitProgress(stage, done, 10, 0))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0].strip() for line in lines] == [
        "Sampling for longer (1 of 2)", "Sampling for longer (2 of 2)"]


def test_waiting_reports_progress_until_the_trace_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[FitProgress] = []

    class Slow:
        calls = 0

        def wait(self, timeout: float | None = None) -> str:
            self.calls += 1
            if self.calls < 3:
                time.sleep(0.01)
                raise TimeoutError("not yet")
            return "trace"

    assert sampling._await(Slow(), [(5, 0), (7, 1)], 40, seen.append, "Sampling") == "trace"
    assert seen == [FitProgress("Sampling", 12, 40, 1)] * 2
