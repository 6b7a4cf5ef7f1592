"""Index dates inside a year: the year's ends are met, and the closed forms."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad

from sbc_prevalence.grid import DURATION_EDGES, year_fraction
from sbc_prevalence.kernels.survivorship import survivorship_at
from sbc_prevalence.model.survival import FAMILIES
from sbc_prevalence.prevalence.index_date import alive_inside, part_of_year
from small_study import a_model, prior_draws, small_inputs

YEAR = 2015


def setting(family="weibull", trend="diagnosis_year", n=20):
    model, inputs = a_model(family, trend), small_inputs()
    p = prior_draws(model, inputs, n)
    return model, inputs, p, model.latent(p, inputs)


def living_at(model, inputs, p, latent, fraction, year=YEAR):
    return alive_inside(model, p, inputs, latent["alive"], year, fraction).living(latent["incidence"], DURATION_EDGES)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("trend", ["diagnosis_year", "calendar_year", "none"])
def test_a_whole_year_gives_survivorship_itself(family, trend):
    model, inputs, p, _ = setting(family, trend)
    hazards = model.survival.own_hazards(p, model.survival.baseline_with_tail(p, inputs))
    expected = model.survival.survivorship(p, inputs, hazards)
    np.testing.assert_allclose(part_of_year(model, p, inputs, 1.0), expected, rtol=1e-12)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_ends_of_the_year_are_met(family):
    model, inputs, p, latent = setting(family, "calendar_year")
    t = YEAR - inputs.grid.first_year
    for fraction, place in ((1 - 1e-9, t), (1e-9, t - 1)):
        found = living_at(model, inputs, p, latent, fraction)
        np.testing.assert_allclose(found.sum(-1), latent["living"][..., place], rtol=1e-6)


def test_bands_on_a_day_meet_those_of_the_years_end():
    model, inputs, p, latent = setting()
    t = YEAR - inputs.grid.first_year
    m = t - np.arange(inputs.n_years)
    cohorts = latent["incidence"] * latent["alive"][..., None, :, t]
    for band, (low, high) in enumerate(zip(DURATION_EDGES, (*DURATION_EDGES[1:], 99), strict=True)):
        expected = cohorts[..., (m >= low) & (m < high)].sum(-1)
        found = living_at(model, inputs, p, latent, 1 - 1e-9)[..., band]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("day", [date(2016, 2, 29), date(2015, 1, 1), date(2015, 12, 30)])
def test_without_floor_and_trend_it_is_the_closed_form(day):
    model, inputs, p, _ = setting(trend="none")
    inputs = replace(inputs, floor=0.0 * inputs.floor, last_survival_follow_up=1e3)
    p["between_study_sd"] = 0.0 * p["between_study_sd"]
    p["ratio_transfer_error"] = 1.0 + 0.0 * p["ratio_transfer_error"]
    latent = model.latent(p, inputs)
    year, fraction = year_fraction(day)
    found = living_at(model, inputs, p, latent, fraction, year).sum(-1)
    stay = alive_inside(model, p, inputs, latent["alive"], year, fraction).early_to_year_end
    t = year - inputs.grid.first_year
    for draw in range(3):
        for k, ratio in enumerate((1.0, p["hazard_ratio_recurrent"][draw])):
            def survival(u, draw=draw, ratio=ratio):
                u = np.asarray(u) / p["survival_median"][draw]
                return np.exp(-np.log(2) * ratio * u ** p["survival_shape"][draw])
            at = survivorship_at(survival, t + 1, fraction)
            expected = (latent["incidence"][draw, k, :, :t + 1] * at[::-1]).sum(-1)
            np.testing.assert_allclose(found[draw, k], expected, rtol=1e-5)
            both = quad(survival, 1.0 - fraction, 1.0)[0]
            np.testing.assert_allclose(stay[draw, k], both, rtol=1e-5, atol=1e-9)


def test_the_living_move_smoothly_through_a_year():
    model, inputs, p, latent = setting()
    t = YEAR - inputs.grid.first_year
    found = np.array([living_at(model, inputs, p, latent, f).sum((1, 2, 3)) for f in (0.01, 0.25, 0.5, 0.75, 0.99)])
    start, end = (latent["living"][..., i].sum((1, 2)) for i in (t - 1, t))
    slack = 0.01 * end
    assert np.all(found >= np.minimum(start, end) - slack)
    assert np.all(found <= np.maximum(start, end) + slack)
