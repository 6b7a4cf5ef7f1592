"""The recovery study's lines: hits, ranks, bounds, resumption, refusals, staleness. No real fit."""

import inspect
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbc_prevalence import recovery as command
from sbc_prevalence.config import load_config
from sbc_prevalence.config.sections import SamplerSection
from sbc_prevalence.errors import FitRefused, ModelError
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior import fit, recovery, recovery_summary
from sbc_prevalence.posterior.density import DensityPoints, density_points
from sbc_prevalence.posterior.fitted import Fitted
from sbc_prevalence.posterior.gate import GateLimits, diagnose
from sbc_prevalence.posterior.reported import reported_quantities
from sbc_prevalence.study import prepare
from small_study import a_model, small_inputs

RESULTS = Path(__file__).parents[2] / "recovery" / "results"
MODEL = a_model()
SETTINGS = recovery.StudySettings(year=2018, seed=3, draws=50, tune=50)


def fitted_around(world, seed=1, shape=(4, 60)) -> Fitted:
    """A stand-in fit: draws from the priors, in place of a posterior."""
    inputs = world.inputs
    flat = MODEL.parameters(inputs).draw(np.random.default_rng(seed), shape[0] * shape[1])
    parameters = {name: value.reshape(*shape, *value.shape[1:]) for name, value in flat.items()}
    sampler = {"versions": {"nutpie": "x"}, "extensions": 0}
    stats = {"diverging": np.zeros(shape, bool), "energy": np.random.default_rng(2).normal(size=shape)}
    fit = Fitted(MODEL, inputs, parameters, stats, None, sampler)
    reported = reported_quantities(fit.latent(), inputs.grid, shape)
    gate = diagnose(reported, stats, asked_draws=shape[1], asked_chains=4, limits=GateLimits(ess=0.0, rhat=9.0))
    return replace(fit, gate=gate)


def test_a_truth_among_the_draws_is_placed_and_hit():
    draws = np.arange(1000.0)
    middle = recovery.place_of_truth(499.6, draws)
    assert middle["rank"] == 0.5
    assert [middle[f"hit{level}"] for level in recovery.LEVELS] == [True, True, True]
    edge = recovery.place_of_truth(50.0, draws)
    assert [edge[f"hit{level}"] for level in recovery.LEVELS] == [False, False, True]
    outside = recovery.place_of_truth(-1.0, draws)
    assert (outside["rank"], outside["hit95"]) == (0.0, False)
    assert [middle["lower95"], middle["upper95"]] == pytest.approx(np.quantile(draws, [0.025, 0.975]))


@pytest.mark.parametrize(("level", "expected"), [(50, (37, 63)), (80, (69, 90)), (95, (89, 100))])
def test_bounds_of_a_hundred_worlds(level, expected):
    assert recovery_summary.bounds(100, level) == expected


def test_a_prior_is_calibrated_against_itself():
    """Worlds drawn from the priors and 'fitted' by the priors: hits must lie within the bounds."""
    lines = []
    for number in range(40):
        world = simulate_world(MODEL, small_inputs(), (7, number))
        found = recovery.compare(world, fitted_around(world, seed=number), SETTINGS.year)
        lines.append({"world": number, "refused": False, "seconds": 1.0, **found})
    summary = recovery_summary.summarise(lines)
    for quantity in recovery.QUANTITIES:
        assert all(summary["hits"][quantity][str(level)]["within"] for level in recovery.LEVELS), quantity
    assert summary["areas"]["places"] == 120
    assert "40 worlds" in recovery_summary.in_words(summary)


def test_a_wrong_fit_is_found_out():
    lines = []
    for number in range(40):
        world = simulate_world(MODEL, small_inputs(), (7, number))
        fit = fitted_around(world, seed=number)
        short = replace(fit, parameters={**fit.parameters, "survival_median": fit.parameters["survival_median"] / 3})
        lines.append({"world": number, "refused": False, "seconds": 1.0,
                      **recovery.compare(world, short, SETTINGS.year)})
    assert not recovery_summary.summarise(lines)["hits"]["living"]["50"]["within"]


def test_a_line_holds_truth_hits_ranks_and_diagnostics_and_is_plain_json(monkeypatch):
    monkeypatch.setattr(recovery, "fit", lambda model, inputs, **kw: fitted_around(
        simulate_world(MODEL, small_inputs(), (SETTINGS.seed, 4))))
    line = recovery.try_world(MODEL, small_inputs(), 4, SETTINGS)
    again = json.loads(json.dumps(line, allow_nan=False))
    assert again["living"]["truth"] == pytest.approx(again["true_living"])
    assert set(again["areas"]) == {"A", "B", "C"}
    assert {"rhat", "ess_bulk", "ess_tail", "divergences", "extensions"} <= set(again["diagnostics"])


def refuse(*_, **__):
    raise FitRefused("R-hat of 3 quantities")


def test_a_refused_world_is_a_line_of_its_own_and_is_counted(monkeypatch):
    monkeypatch.setattr(recovery, "fit", refuse)
    line = recovery.try_world(MODEL, small_inputs(), 9, SETTINGS)
    assert line["refused"]
    assert "R-hat" in line["reason"]
    summary = recovery_summary.summarise([line])
    assert (summary["refused"], summary["fitted"]) == ([9], 0)
    assert "worlds 9" in recovery_summary.in_words(summary)


def test_a_summary_of_nothing_or_of_a_world_twice_is_refused():
    line = {"world": 1, "refused": True, "seconds": 1.0}
    for lines in ([], [line, line]):
        with pytest.raises(ModelError, match="each world once"):
            recovery_summary.summarise(lines)


class Small:
    """As much of a study as the command needs."""

    model, inputs = MODEL, small_inputs()


@pytest.fixture
def study_of_stand_ins(monkeypatch, tmp_path):
    tried: list[int] = []

    def stand_in(model, inputs, number, settings, compiled, truth=None):
        tried.append(number)
        return {"world": number, "refused": True, "reason": "a stand-in", "seconds": 0.1}

    stored = density_points(MODEL, small_inputs())
    monkeypatch.setattr(command, "density_points", lambda *a, **k: stored)
    monkeypatch.setattr(command, "compile_model", lambda *a: None)
    monkeypatch.setattr(command, "try_world", stand_in)
    return tried, tmp_path / "results" / "worlds.jsonl"


def test_a_study_resumes_where_it_stopped_and_drops_a_line_cut_off(study_of_stand_ins):
    tried, out = study_of_stand_ins
    command.run(Small, "small", SETTINGS, 3, out)
    assert tried == [1, 2, 3]
    out.write_text(out.read_text() + '{"world": 4, "refu', encoding="utf-8")
    command.run(Small, "small", SETTINGS, 5, out)
    assert tried == [1, 2, 3, 4, 5]
    assert [line["world"] for line in command.read_lines(out)] == [1, 2, 3, 4, 5]
    command.run(Small, "small", SETTINGS, 5, out)
    assert len(tried) == 5


def test_worlds_of_another_seed_are_never_mixed_in(study_of_stand_ins):
    _, out = study_of_stand_ins
    command.run(Small, "small", SETTINGS, 2, out)
    with pytest.raises(ModelError, match="belongs to another study"):
        command.run(Small, "small", replace(SETTINGS, seed=4), 3, out)
    command.sidecar(out).unlink()
    with pytest.raises(ModelError, match="is missing"):
        command.run(Small, "small", SETTINGS, 3, out)


def test_a_broken_line_in_the_middle_is_refused(tmp_path):
    path = tmp_path / "worlds.jsonl"
    path.write_text('{"world": 1}\nnot json\n{"world": 2}\n', encoding="utf-8")
    with pytest.raises(ModelError, match="line 2"):
        command.read_lines(path)


def test_the_summary_is_printed_and_written_beside(study_of_stand_ins, capsys):
    _, out = study_of_stand_ins
    command.run(Small, "small", SETTINGS, 2, out)
    assert command.main(["--summary", str(out)]) == 0
    assert "2 worlds" in capsys.readouterr().out
    assert json.loads(out.with_suffix(".summary.json").read_text())["worlds"] == 2


def test_without_a_study_the_check_fails(tmp_path, capsys):
    assert command.main(["--check", str(tmp_path / "absent.jsonl")]) == 1
    assert "stale" in capsys.readouterr().err


def test_stored_densities_notice_another_prior_other_data_and_another_kernel():
    inputs = small_inputs()
    stored = DensityPoints.from_json(json.loads(json.dumps(density_points(MODEL, inputs).to_json())))
    assert stored.differences(density_points(MODEL, inputs, points=stored.points)) == []
    changed = [
        density_points(MODEL.with_overrides(survival_median={"sd": 0.31}), inputs, points=stored.points),
        density_points(MODEL, simulate_world(MODEL, inputs, 1).inputs, points=stored.points),
        density_points(a_model(trend="calendar_year"), inputs, points=stored.points),
        density_points(a_model("piecewise_exponential"), inputs, points=stored.points)]
    for other in changed:
        assert stored.differences(other)


def test_a_study_takes_its_step_size_from_the_configuration_and_the_one_kept_for_scotland_still_resumes() -> None:
    study = prepare(load_config("scotland"))
    config = study.config
    chosen = command._arguments(["--out", "x.jsonl", "--draws", "400", "--tune", "300"])
    settings = command.study_settings(study, chosen)
    assert settings.target_accept == config.sampler.target_accept == 0.9
    kept = json.loads((RESULTS / "scotland-100.check.json").read_text(encoding="utf-8"))["settings"]
    assert {key: getattr(settings, key) for key in kept} == kept


def test_a_default_of_the_sampler_is_the_same_in_a_file_a_call_and_a_study() -> None:
    in_a_call = inspect.signature(fit).parameters
    in_a_file = SamplerSection()
    for name in ("target_accept", "chains", "max_extensions"):
        assert in_a_call[name].default == getattr(in_a_file, name) == getattr(SETTINGS, name), name


def test_bias_and_error_are_those_of_the_log_of_the_median():
    found = recovery_summary.log_errors([{"median": 2.0, "truth": 1.0}, {"median": 1.0, "truth": 2.0}])
    assert found["bias"] == pytest.approx(0.0)
    assert found["rmse"] == pytest.approx(np.log(2))
    assert found["bias_se"] == pytest.approx(np.log(2))


def test_worlds_of_another_model_are_observed_as_the_study_is():
    inputs = small_inputs(area_evidence=True)
    truth = recovery.Truth(a_model("log_logistic"), inputs)
    world = truth.world(inputs, (1, 2))
    same = simulate_world(truth.model, inputs, (1, 2))
    for name, value in inputs.arrays.items():
        np.testing.assert_array_equal(world.inputs.arrays[name], same.inputs.arrays[name])
        assert np.shape(world.inputs.arrays[name]) == np.shape(value)
    np.testing.assert_array_equal(world.latent["living"], same.latent["living"])


def test_a_truth_that_reads_other_evidence_is_refused():
    with pytest.raises(ModelError, match="other evidence"):
        recovery.Truth(a_model(), small_inputs()).world(small_inputs(area_evidence=True), (1, 2))


def test_studies_stand_side_by_side():
    line = {"world": 1, "refused": True, "seconds": 1.0}
    table = recovery_summary.table_of({"b": recovery_summary.summarise([line]), "a": recovery_summary.summarise([line])})
    assert [row.split(" | ")[0] for row in table.splitlines()[2:]] == ["| a", "| b"]
    assert "| 1 | 1 | - | - |" in table
