"""Tables that say how far to trust the estimates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from estimates_factory import estimates, fitted_from_priors

from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.checks import ALL_CAUSE, CERTIFIED, certified_deaths
from sbc_prevalence.prevalence.draws import BEYOND_RECURRENCE, BEYOND_SURVIVAL, UNSEEN
from small_study import a_model, frames, small_inputs


def test_implied_duration_is_living_over_deaths_with_its_denominator_named():
    est = estimates()
    table = est.implied_duration()
    t = 2014 - est.draws.years[0]
    living = est.draws.living[:, :, :, t].sum((1, 2, 3))
    ratios = {ALL_CAUSE: living / est.draws.deaths[..., t].sum((1, 2)),
              CERTIFIED: living / frames()["deaths"].set_index("year").loc[2014, "count"]}
    for denominator, ratio in ratios.items():
        row = table[(table["year"] == 2014) & (table["denominator"] == denominator)].iloc[0]
        expected = np.quantile(ratio, [0.025, 0.5, 0.975])
        np.testing.assert_allclose(row[["lower", "median", "upper"]].astype(float), expected)
    projected = table[table["projected"]]
    assert set(projected["denominator"]) == {ALL_CAUSE}
    assert projected["year"].min() == est.grid.last_data_year + 1


def test_certified_deaths_of_parts_count_only_where_no_part_is_missing():
    fitted = fitted_from_priors(8)
    rows = pd.DataFrame([("A", 2010, 5, 5), ("B", 2010, 6, 8), ("C", 2010, 1, 1), ("A", 2011, 5, 5)],
                        columns=["area_code", "year", "count_lower", "count_upper"])
    est = estimate(replace(fitted, inputs=replace(fitted.inputs, deaths_frame=rows)))
    assert certified_deaths(est) == {2010: 13.0}


def test_replicated_deaths_are_those_of_the_likelihood():
    est = estimates()
    table = est.deaths_fit()
    assert table["observed"].tolist() == frames()["deaths"]["count"].tolist()
    mean = est.draws.kappa[:, :11] * est.draws.deaths.sum((1, 2))[:, :11]
    first = 2008 - est.draws.years[0]
    assert first == 0
    np.testing.assert_allclose(est.draws.certified, mean, rtol=1e-9)
    z = (est.draws.certified_rep - mean) / np.sqrt(mean)
    assert abs(z.mean()) < 0.15
    assert 0.8 < z.std() < 1.8


def test_shares_lie_between_none_and_all_and_unseen_primaries_fade():
    est = estimates()
    assert set(est.draws.shares) == {UNSEEN, BEYOND_RECURRENCE, BEYOND_SURVIVAL}
    for share in est.draws.shares.values():
        assert share.min() >= 0
        assert share.max() <= 1
    unseen = est.draws.shares[UNSEEN]
    assert np.all(np.diff(unseen, axis=1) < 0)


def test_the_share_beyond_follow_up_counts_those_diagnosed_longer_ago():
    est = estimates()
    follow_up = est.fitted.inputs.last_survival_follow_up
    assert follow_up == 5.0
    bands = est.point_prevalence("duration", basis="expected").draws
    expected = bands.sel(duration=["5-10", "10+"]).sum("duration") / bands.sum("duration")
    np.testing.assert_allclose(est.draws.shares[BEYOND_SURVIVAL][:, est.position], expected.values.ravel())


def test_smooth_incidence_has_no_recurrence_shares():
    est = estimate(fitted_from_priors(8, model=a_model(incidence="smooth")))
    assert set(est.draws.shares) == {BEYOND_SURVIVAL}
    assert "recurrences" not in est.describe_words()


def test_prior_and_posterior_of_prior_draws_agree_and_contraction_is_about_nothing():
    est = estimate(fitted_from_priors(2000), index_year_only=True)
    table = est.prior_posterior()
    assert not table["parameter"].duplicated().any()
    assert not table["parameter"].str.startswith("area_effect").any()
    assert table["contraction"].abs().max() < 0.25
    assert table["contraction"].abs().mean() < 0.05
    assert (table["prior_lower"] <= table["prior_median"]).all()


def test_a_narrowed_parameter_shows_its_contraction_and_a_fixed_one_is_left_out():
    fitted = fitted_from_priors(2000)
    name = "survival_median"
    prior = fitted.model.parameters(fitted.inputs)[name]
    narrow = np.exp(prior.center + 0.5 * (np.log(fitted.parameters[name]) - prior.center))
    fixed = fitted.model.with_overrides(hazard_ratio_recurrent={"center": 0.0, "sd": 0.0, "reason": "test"})
    est = estimate(replace(fitted, model=fixed, parameters={**fitted.parameters, name: narrow}), index_year_only=True)
    table = est.prior_posterior().set_index("parameter")
    assert table.loc[name, "contraction"] == pytest.approx(0.75, abs=0.04)
    assert "hazard_ratio_recurrent" not in table.index


def test_the_prior_predictive_of_prior_draws_is_the_same_before_and_after():
    est = estimate(fitted_from_priors(1200), index_year_only=True)
    table = est.prior_predictive().pivot(index="quantity", columns="stage", values="median")
    assert set(table.index) == {"implied duration", "de novo share of newly diagnosed", "living"}
    np.testing.assert_allclose(table["prior"], table["posterior"], rtol=0.15)


def test_areas_with_evidence_of_their_own_are_estimated_too():
    est = estimate(fitted_from_priors(20, inputs=small_inputs(area_evidence=True)))
    table = est.point_prevalence("area").table()
    assert "own" in table.loc[table["area_code"] == "A", "rests_on"].iloc[0]
