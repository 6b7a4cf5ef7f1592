"""Left out in turn: p-values are uniform where the evidence is right, and the way without a source is said."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from estimates_factory import fitted_from_priors
from scipy import stats

from completeness_study import inputs_of, model_with, registrations, survey
from sbc_prevalence.errors import FitRefused
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.prevalence import conflict, estimate
from small_study import a_model, small_inputs

REGISTER = ("register_de_novo", "register_recurrent")


def full():
    return small_inputs(area_evidence=True)


@cache
def est(n=200):
    return estimate(fitted_from_priors(n, inputs=full()), index_date="2017-12-31", index_year_only=True)


@pytest.mark.parametrize("names", [("deaths",), ("register_recurrent_audit",), ("snapshot",), ("survival",)])
def test_p_values_are_uniform_where_the_truth_is_one_of_the_draws(names):
    found = []
    for number in range(40):
        world = simulate_world(a_model(), full(), (5, number))
        fitted = fitted_from_priors(120, inputs=world.inputs, seed=100 + number)
        found.append(conflict.predictive(fitted, names, 120, number))
    for p in ([f.p_level for f in found], [f.p_pattern for f in found]):
        assert stats.kstest(p, "uniform").pvalue > 0.003


def test_a_count_far_above_its_prediction_has_a_small_p_value_and_a_large_z():
    inputs = full()
    high = inputs.with_arrays({"snapshot_values": 40 * inputs.arrays["snapshot_values"]})
    found = conflict.predictive(fitted_from_priors(200, inputs=high), ("snapshot",), 200, 1)
    assert found.p_level < 0.02
    assert found.z > 3
    assert found.observed == 40 * 910


def test_rows_that_do_not_belong_together_are_seen_where_the_total_is_right():
    inputs = full()
    values = np.array(inputs.arrays["deaths_values"])
    mean = values[:11].mean()
    swung = np.array(values)
    swung[:11:2] += 4 * np.sqrt(mean)
    swung[1:11:2] -= 4.8 * np.sqrt(mean)
    found = conflict.predictive(
        fitted_from_priors(200, inputs=inputs.with_arrays({"deaths_values": np.round(swung)})), ("deaths",), 200, 1)
    assert found.p_pattern < 0.02 < 0.2 < found.p_level


def test_two_sided_p_values_by_hand():
    replicated = np.arange(1.0, 100.0)  # 99 values
    assert conflict.two_sided(50.0, replicated) == pytest.approx(1.0)
    assert conflict.two_sided(0.0, replicated) == pytest.approx(2 * 0.5 / 100)
    assert conflict.two_sided(1000.0, replicated) == pytest.approx(2 * 0.5 / 100)
    assert np.isnan(conflict.two_sided(float("nan"), replicated))
    assert np.isnan(conflict.two_sided(1.0, replicated[:0]))


def test_the_level_of_a_source_is_the_total_of_its_counts_with_the_middle_of_intervals():
    by_name = {o.name: o for o in full().observations}
    arrays = full().arrays
    assert by_name["deaths"].level(arrays) == arrays["deaths_values"][arrays["deaths_weight"] > 0].sum()
    rows = arrays["register_de_novo_weight"].sum()
    lowest = arrays["register_de_novo_values"][arrays["register_de_novo_weight"] > 0].min(-1).sum()
    assert by_name["register_de_novo"].level(arrays) == lowest + 2 * rows
    assert by_name["register_recurrent_audit"].level(arrays) == 71
    assert 0.1 < by_name["survival"].level(arrays) < 3


def refitting(asked, *, refuse=()):
    def refit(model, inputs):
        gone = tuple(o.name for o in inputs.observations if inputs.power_of(o.name) == 0)
        asked.append(gone)
        if gone in refuse:
            raise FitRefused("two divergences")
        return replace(est().fitted, model=model, inputs=inputs)
    return refit


def test_each_source_is_left_out_once_and_the_way_is_said():
    asked = []
    table = conflict.conflicts(est(), refitting(asked, refuse=[("snapshot",)]), ci_prob=0.9, n_replicates=50)
    assert set(table["source"]) == {"deaths", "survival", "register", "register_audit", "snapshot"}
    by_source = table.set_index("source")
    assert by_source.loc["snapshot", "method"] == conflict.REFUSED
    assert by_source.loc[["snapshot"], "living_median"].isna().all()
    for source, names in (("deaths", ("deaths",)), ("register", REGISTER)):
        again = by_source.loc[source, "method"] == conflict.REFITTED
        assert again == (names in asked)
        assert again == (by_source.loc[source, "k_hat"] >= 0.7)
    assert list(table.columns) == list(conflict.CONFLICT_COLUMNS)
    told = table["p_adjusted"].dropna()
    assert told.is_monotonic_increasing
    assert ((table["p_adjusted"] < 0.05) == table["in_conflict"]).all()


def test_without_refits_a_source_that_cannot_be_reweighted_has_no_figures():
    table = conflict.conflicts(est(), None, ci_prob=0.9, n_replicates=50)
    undone = table[table["method"].str.startswith("not done")]
    assert len(undone) > 0
    assert undone["p_level"].isna().all()
    assert not undone["in_conflict"].any()


def test_the_only_count_is_not_left_out():
    lonely = estimate(fitted_from_priors(40), index_date="2017-12-31", index_year_only=True)
    row = conflict.conflicts(lonely, refitting([]), ci_prob=0.9, n_replicates=20).set_index("source").loc["deaths"]
    assert row["method"] == conflict.ALONE


def test_reweighted_draws_are_those_of_a_posterior_without_the_source():
    """An audit that all but repeats what the prior says weighs the draws a little, and they are resampled."""
    inputs = full().with_arrays({"register_recurrent_audit_found": np.array([2.0]),
                                 "register_recurrent_audit_known": np.array([3.0])})
    fitted = fitted_from_priors(2000, inputs=inputs)
    other, method, k_hat = conflict.without(fitted, ("register_recurrent_audit",), None, 1)
    assert method == conflict.REWEIGHTED
    assert k_hat < 0.7
    assert other.inputs.power_of("register_recurrent_audit") == 0
    c = fitted.parameters["completeness_register_recurrent"].ravel()
    weights = 1 / (c**2 * (1 - c))
    expected = (weights * c).sum() / weights.sum()
    assert other.parameters["completeness_register_recurrent"].mean() == pytest.approx(expected, abs=0.02)
    assert expected < c.mean() - 0.005


def test_a_source_of_unknown_regimes_is_left_out_and_drawn_anew_like_any_other():
    inputs = inputs_of(registrations(completeness=None), survey())
    fitted = fitted_from_priors(80, model=model_with("regime"), inputs=inputs)
    bare = replace(fitted, inputs=inputs.with_power({name: 0.0 for name in REGISTER}))
    found = conflict.predictive(bare, REGISTER, 60, 1)
    assert 0 < found.p_level <= 1
    assert 0 < found.p_pattern < 1
    assert found.predicted.std() > 0
    without, _, _ = conflict.without(fitted, REGISTER, lambda model, given: replace(fitted, inputs=given), 1)
    assert without.inputs.power_of("register_de_novo") == 0
