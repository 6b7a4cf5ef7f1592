"""Exact answers known on paper (model.md section 10), reached to 1e-8."""

import numpy as np
import pytest
from scipy import integrate, optimize, special

from sbc_prevalence.kernels.convolution import deaths_by_year, incidence_from_deaths, living_by_duration
from sbc_prevalence.kernels.survivorship import survivorship, survivorship_at

CASES = 1000.0
LIMITS = (1, 3, 5, 10, 20)


def limited(survival, n=400):
    """Living after a long constant incidence, by years since diagnosis, cumulative over duration."""
    share = survivorship(survival, n)
    return np.cumsum(living_by_duration(np.full(n, CASES), share[None, :])[-1])


def exponential(mean):
    return lambda u: np.exp(-np.asarray(u) / mean)


def weibull(scale, shape):
    return lambda u: np.exp(-((np.asarray(u) / scale) ** shape))


def weibull_restricted_mean(scale, shape, limit):
    return scale / shape * special.gamma(1 / shape) * special.gammainc(1 / shape, (limit / scale) ** shape)


def test_exponential_limited_duration_prevalence():
    found = limited(exponential(3.0))
    exact = [CASES * 3 * -np.expm1(-years / 3) for years in LIMITS]
    np.testing.assert_allclose(found[[years - 1 for years in LIMITS]], exact, rtol=1e-8)
    np.testing.assert_allclose(exact, [850.406, 1896.362, 2433.373, 2892.978, 2996.182], atol=5e-4)


def test_exponential_completeness_index():
    found = limited(exponential(3.0))
    index = found[[years - 1 for years in LIMITS]] / found[-1]
    np.testing.assert_allclose(index, [0.283469, 0.632121, 0.811124, 0.964326, 0.998727], atol=5e-7)


@pytest.mark.parametrize(("scale", "shape"), [(2.5, 0.8), (2.5, 0.5), (1.5, 0.5), (4.0, 1.3), (1.0, 1.0)])
def test_weibull_limited_duration_prevalence(scale, shape):
    found = limited(weibull(scale, shape))
    exact = [CASES * weibull_restricted_mean(scale, shape, years) for years in LIMITS]
    np.testing.assert_allclose(found[[years - 1 for years in LIMITS]], exact, rtol=1e-8)


def test_weibull_of_shape_08_gives_the_published_numbers():
    found = limited(weibull(2.5, 0.8))
    printed = [772.527, 1660.641, 2134.578, 2619.898, 2807.320]
    np.testing.assert_allclose(found[[years - 1 for years in LIMITS]], printed, atol=5e-4)
    assert found[-1] == pytest.approx(2832.508, abs=5e-4)
    assert found[-1] == pytest.approx(CASES * 2.5 * special.gamma(1 + 1 / 0.8), rel=1e-8)
    np.testing.assert_allclose(found[[years - 1 for years in LIMITS]] / found[-1],
                               [0.272736, 0.586279, 0.753600, 0.924939, 0.991108], atol=5e-7)


@pytest.mark.parametrize("scale", [1.5, 2.5])
def test_log_logistic_of_shape_2_is_an_arc_tangent(scale):
    def survival(u):
        return 1 / (1 + (np.asarray(u) / scale) ** 2)

    found = limited(survival, 60)
    years = np.arange(1, 61)
    np.testing.assert_allclose(found, CASES * scale * np.arctan(years / scale), rtol=1e-7)


def test_growing_incidence_gives_incidence_over_hazard_plus_growth():
    """Incidence exp(g t) within the year as well: the year's weights are reweighed by growth."""
    growth, hazard, n = 0.03, 1 / 3, 400
    year_ends = np.arange(n) - n + 1.0
    total = CASES * np.exp(growth * year_ends) * -np.expm1(-growth) / growth
    grown = survivorship(exponential(1 / (hazard + growth)), n)
    evenly = -np.expm1(-growth) / growth
    share = grown * np.exp(growth * np.arange(n)) / evenly
    living = float(total @ share[::-1])
    assert living == pytest.approx(CASES / (hazard + growth), rel=1e-8)
    assert living == pytest.approx(2752.294, abs=5e-4)


def test_incidence_constant_within_years_that_grow_from_year_to_year():
    """N = I sum_m r^-m A(m), a geometric series for exponential survival."""
    mean, ratio, n = 3.0, 1.03, 400
    incidence = CASES * ratio ** np.arange(-n + 1.0, 1.0)
    share = survivorship(exponential(mean), n)
    found = living_by_duration(incidence, share[None, :])[-1].sum()
    first = mean * -np.expm1(-1 / mean)
    assert found == pytest.approx(CASES * first / (1 - np.exp(-1 / mean) / ratio), rel=1e-8)


@pytest.mark.parametrize("fraction", [1 / 366, 60 / 366, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("n", [1, 2, 12])
def test_exponential_survivorship_at_any_index_date(fraction, n):
    mean = 3.0
    found = survivorship_at(exponential(mean), n, fraction)
    exact = np.array([mean * -np.expm1(-fraction / mean)] + [
        mean * (np.exp(-(m - 1 + fraction) / mean) - np.exp(-(m + fraction) / mean)) for m in range(1, n)])
    np.testing.assert_allclose(found, exact, rtol=1e-8)


DISCRETE_DEATH = np.array([0.30, 0.25, 0.20, 0.20, 0.20])
DISCRETE_CASES = np.array([100.0, 110.0, 120.0, 130.0, 140.0])
DISCRETE_ALIVE = np.cumprod(1 - DISCRETE_DEATH)


def test_discrete_cohorts():
    living = living_by_duration(DISCRETE_CASES, DISCRETE_ALIVE[None, :])
    dead = deaths_by_year(DISCRETE_CASES, DISCRETE_ALIVE[None, :])
    np.testing.assert_allclose(living.sum(-1), [70, 129.5, 183.75, 233.8, 280.49], rtol=1e-12)
    np.testing.assert_allclose(dead, [30, 50.5, 65.75, 79.95, 93.31], rtol=1e-12)


def test_discrete_back_calculation_returns_incidence_and_is_ill_posed():
    dead = deaths_by_year(DISCRETE_CASES, DISCRETE_ALIVE[None, :])
    np.testing.assert_allclose(incidence_from_deaths(dead, DISCRETE_ALIVE), DISCRETE_CASES, rtol=1e-12)
    disturbed = dead.copy()
    disturbed[1] *= 1.05
    found = incidence_from_deaths(disturbed, DISCRETE_ALIVE)
    np.testing.assert_allclose(found[1:3], [118.42, 115.09], atol=5e-3)


def test_completeness_scales_the_registered_among_the_living():
    registered = living_by_duration(0.6 * DISCRETE_CASES, DISCRETE_ALIVE[None, :]).sum(-1)
    np.testing.assert_allclose(registered, [42, 77.7, 110.25, 140.28, 168.294], rtol=1e-12)


def test_mid_year_rule_is_biased_where_exact_integration_is_not():
    """The usual shortcut S(m + 1/2) understates a Weibull of shape .8 by .83 % over twenty years."""
    survival = weibull(2.5, 0.8)
    shortcut = CASES * survival(np.arange(20) + 0.5).sum()
    assert shortcut == pytest.approx(2783.947, abs=5e-4)
    exact = limited(survival)[19]
    assert shortcut / exact - 1 == pytest.approx(-0.0083, abs=5e-5)


def test_deaths_counted_by_direct_integration():
    """D(t) of one cohort: the density of death seen through the triangle of diagnosis and death."""
    survival = weibull(2.5, 0.8)
    dead = deaths_by_year(np.array([CASES, 0.0, 0.0]), survivorship(survival, 3)[None, :])
    first = CASES * (1 - integrate.quad(lambda v: survival(v**5) * 5 * v**4, 0, 1, epsabs=1e-13)[0])
    assert dead[0] == pytest.approx(first, rel=1e-8)


def test_median_of_the_survival_that_gives_four_thousand_living():
    """Implied duration is mean survival in a steady state, whatever the family."""
    scale = optimize.brentq(lambda s: limited(weibull(s, 0.8), 300)[-1] - 4000.0, 1.0, 10.0)
    assert scale == pytest.approx(4.0 / special.gamma(1 + 1 / 0.8), rel=1e-7)
