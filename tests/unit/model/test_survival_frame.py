"""The frame around the families: trend by calendar year at published points, refusals, nodes only where they are read."""

from dataclasses import replace

import numpy as np
import pytest

from sbc_prevalence.errors import ModelError
from sbc_prevalence.model.survival import FAMILIES
from small_study import a_model, prior_draws, scotland_inputs, small_inputs


def drawn(model, inputs, n=5):
    return prior_draws(model, inputs, n, seed=6)


def direct(model, p, inputs, i):
    """Cumulative hazard (or mean hazard) of point i, summed year by year of disease from the baseline itself."""
    pts, survival = inputs.points, model.survival
    end = inputs.last_survival_follow_up
    found = np.zeros(p["hazard_trend"].shape)
    for m in range(int(np.ceil(pts.duration[i]))):
        low, high = (np.clip(u, pts.start[i], pts.duration[i]) for u in (m, m + 1))
        assert high <= end
        grown = np.diff(survival.baseline(p, np.array([low, high]), _numpy()), axis=-1)[:, 0]
        decade = survival.trend_years(np.array(pts.diagnosis_year_mid[i] + m + 0.5), inputs)
        found += grown * np.exp(p["hazard_trend"] * decade)
    return found / pts.span[i]


def _numpy():
    from sbc_prevalence.kernels.backend import NUMPY

    return NUMPY


@pytest.mark.parametrize("family", ["weibull", "generalised_gamma"])
@pytest.mark.parametrize("inputs", [small_inputs, scotland_inputs])
def test_under_a_calendar_trend_each_year_of_disease_has_the_hazard_of_its_own_calendar_year(family, inputs):
    given, model = inputs(), a_model(family, "calendar_year")
    p = drawn(model, given)
    p = {**p, "hazard_trend": np.linspace(-0.6, 0.4, 5), "between_study_sd": np.zeros(5)}
    seen = model.survival.point_hazards(p, given, model.survival.baseline_with_tail(p, given))
    for i in np.flatnonzero(~given.points.is_mixed):
        ratio = p["hazard_ratio_recurrent"] if given.points.is_recurrent[i] else 1.0
        np.testing.assert_allclose(np.exp(seen[:, i]), direct(model, p, given, i) * ratio, rtol=1e-9)


def test_without_a_slope_all_trends_say_the_same_of_published_points():
    given = small_inputs()
    p = {**drawn(a_model(), given), "hazard_trend": np.zeros(5)}
    found = [m.survival.point_hazards(p, given, m.survival.baseline_with_tail(p, given))
             for m in (a_model(trend=trend) for trend in ("diagnosis_year", "calendar_year", "none"))]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-12)


def test_a_calendar_trend_reaches_those_who_live_already():
    """Of those diagnosed in 2000 the fifth year of disease lies around the end of 2004."""
    given = scotland_inputs()
    by_diagnosis, by_calendar = (a_model(trend=t).survival.decades(given) for t in ("diagnosis_year", "calendar_year"))
    s = 2000 - given.grid.first_year
    np.testing.assert_allclose(by_diagnosis[s], (2000.5 - 2010) / 10)
    np.testing.assert_allclose(by_calendar[s, :10], (2001 + np.arange(10) - 2010) / 10)
    assert by_calendar[s, -1] == (given.grid.last_data_year + 0.5 - 2010) / 10


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_families_that_never_end_a_life_are_refused_without_other_causes(family):
    given = small_inputs()
    none = replace(given, floor=np.zeros_like(given.floor))
    model = a_model(family)
    if FAMILIES[family].needs_floor:
        with pytest.raises(ModelError, match="needs mortality from other causes"):
            model.parameters(none)
    else:
        assert model.parameters(none).names == model.parameters(given).names
    assert FAMILIES[family].needs_floor == (family in ("log_logistic", "generalised_gamma", "mixture_cure"))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_half_are_alive_at_the_median_and_hazards_grow_from_nought(family):
    model, given = a_model(family), small_inputs()
    p = drawn(model, given)
    u = np.linspace(1e-6, 60.0, 300)
    found = model.survival.baseline(p, u, _numpy())
    assert np.all(np.isfinite(found))
    assert np.all(np.diff(found) >= 0)
    assert np.all(found[:, 0] < 1e-3)
    if family in ("weibull", "log_logistic", "generalised_gamma"):
        at = [model.survival.baseline({k: v[i] for k, v in p.items()}, p["survival_median"][i][None], _numpy())[0]
              for i in range(5)]
        np.testing.assert_allclose(at, np.log(2.0), rtol=1e-9)
    if family == "mixture_cure":
        assert np.all(found < -np.log(p["cured_share"])[:, None] + 1e-12)
        np.testing.assert_allclose(np.exp(-found[:, -1]), p["cured_share"], atol=0.02)
