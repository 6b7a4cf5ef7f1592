"""Realised counts have the law of diagnoses followed by a binomial chain of survivors."""

import numpy as np
import pytest
from scipy import stats

from sbc_prevalence.grid import DURATION_EDGES
from sbc_prevalence.kernels.convolution import alive_on_grid, dying_on_grid, living_by_duration
from sbc_prevalence.kernels.counts import InsideYear, known_plus_unknown, realise
from sbc_prevalence.kernels.survivorship import survivorship, survivorship_at

N_YEARS, FIRST, N = 24, 12, 20_000
INCIDENCE = np.array([np.linspace(6, 9, N_YEARS), np.linspace(4, 2, N_YEARS)])
A = survivorship(lambda u: np.exp(-(np.asarray(u) / 2.5) ** 0.8), N_YEARS)
ALIVE = alive_on_grid(np.broadcast_to(A, (N_YEARS, N_YEARS)), N_YEARS)


@pytest.fixture(scope="module")
def drawn():
    many = np.broadcast_to(INCIDENCE, (N, *INCIDENCE.shape))
    return realise(many, np.broadcast_to(ALIVE, (N, *ALIVE.shape)), np.random.default_rng(1), first=FIRST)


def binomial_chain(rng):
    """Diagnoses by year, then survivors year by year: the definition, with loops."""
    living = np.zeros((N, 2, N_YEARS))
    died = np.zeros((N, 2, N_YEARS))
    for s in range(N_YEARS):
        people = rng.poisson(INCIDENCE[:, s], (N, 2))
        before = 1.0
        for t in range(s, N_YEARS):
            left = rng.binomial(people, A[t - s] / before)
            died[..., t] += people - left
            living[..., t] += left
            people, before = left, A[t - s]
    return living[..., FIRST:], died[..., FIRST:]


def lagged(values, lag):
    """Covariance over draws of each year with the year `lag` before, for each area."""
    later, earlier = values[..., lag:], values[..., :values.shape[-1] - lag]
    return np.mean((later - later.mean(0)) * (earlier - earlier.mean(0)), 0)


def test_means_are_those_of_the_convolution(drawn):
    expected = living_by_duration(INCIDENCE, A[None])[:, FIRST:]
    band = np.searchsorted(DURATION_EDGES, np.arange(N_YEARS), side="right") - 1
    by_band = np.stack([expected[..., band == b].sum(-1) for b in range(len(DURATION_EDGES))], -1)
    np.testing.assert_allclose(drawn.living.mean(0), by_band, atol=5 * np.sqrt(by_band.max() / N))
    np.testing.assert_allclose(drawn.newly_diagnosed.mean(0), INCIDENCE[:, FIRST:], atol=0.12)
    deaths = INCIDENCE @ dying_on_grid(ALIVE, N_YEARS)
    np.testing.assert_allclose(drawn.deaths.mean(0), deaths[:, FIRST:], atol=0.12)


def test_counts_are_poisson_and_years_are_correlated_as_in_the_chain(drawn):
    living, died = binomial_chain(np.random.default_rng(2))
    ours = drawn.living.sum(-1)
    np.testing.assert_allclose(ours.var(0), ours.mean(0), rtol=0.06)
    for a, b in ((ours, living), (drawn.deaths, died)):
        for lag in (0, 1, 4):
            mine, theirs = lagged(a, lag), lagged(b, lag)
            np.testing.assert_allclose(mine, theirs, atol=0.08 * b.var(0).max())
    both_mine = np.mean((ours - ours.mean(0)) * (drawn.deaths - drawn.deaths.mean(0)), 0)
    both_theirs = np.mean((living - living.mean(0)) * (died - died.mean(0)), 0)
    np.testing.assert_allclose(both_mine, both_theirs, atol=0.06 * living.var(0).max())


def test_a_single_count_has_the_poisson_distribution(drawn):
    ours = drawn.living.sum(-1)[:, 0, -1]
    mean = living_by_duration(INCIDENCE, A[None])[0, -1].sum()
    grid = np.arange(int(ours.max()) + 2)
    seen = np.searchsorted(np.sort(ours), grid, side="right") / N
    assert np.abs(seen - stats.poisson(mean).cdf(grid)).max() < 0.012


def test_an_earlier_first_year_gives_the_same_law():
    many, alive = np.broadcast_to(INCIDENCE, (N, *INCIDENCE.shape)), np.broadcast_to(ALIVE, (N, *ALIVE.shape))
    late = realise(many, alive, np.random.default_rng(3), first=20)
    early = realise(many, alive, np.random.default_rng(4), first=3, last=20)
    np.testing.assert_allclose(late.living[..., 0, :].mean(0), early.living[..., -1, :].mean(0), atol=0.15)
    np.testing.assert_allclose(late.living[..., 0, :].var(0), early.living[..., -1, :].var(0), rtol=0.08, atol=0.05)


@pytest.mark.parametrize("fraction", [0.1, 60 / 366, 0.8])
def test_an_index_date_inside_a_year_has_exact_means_and_poisson_spread(fraction):
    def survival(u):
        return np.exp(-(np.asarray(u) / 2.5) ** 0.8)

    t = N_YEARS - 3
    at = survivorship_at(survival, N_YEARS, fraction)
    part = np.array([survivorship_at(lambda u, m=m: survival(u + m) / survival(m), 1, fraction)[0] * survival(m)
                     for m in range(N_YEARS)])
    s = np.arange(t + 1)
    early, late = np.zeros(N_YEARS), np.zeros(N_YEARS)
    early[s] = part[t - s]
    late[s[:-1]] = A[t - 1 - s[:-1]] - part[t - 1 - s[:-1]]
    np.testing.assert_allclose((early + late)[s], at[t - s], rtol=1e-7)
    stay = A[0] - survivorship_at(survival, 1, 1 - fraction)[0]
    many, alive = np.broadcast_to(INCIDENCE, (N, *INCIDENCE.shape)), np.broadcast_to(ALIVE, (N, *ALIVE.shape))
    inside = InsideYear(t, np.broadcast_to(early, (N, N_YEARS)), np.broadcast_to(late, (N, N_YEARS)), np.full(N, stay))
    counts = realise(many, alive, np.random.default_rng(5), first=FIRST, inside=inside)
    expected = (INCIDENCE[:, s] * at[t - s]).sum(-1)
    found = counts.living_at.sum(-1)
    np.testing.assert_allclose(found.mean(0), expected, atol=5 * np.sqrt(expected.max() / N))
    np.testing.assert_allclose(found.var(0), expected, rtol=0.06)
    newest = (INCIDENCE[:, s] * (early * (t - np.arange(N_YEARS) == 0) + late * (t - np.arange(N_YEARS) == 1))[s]).sum(-1)
    np.testing.assert_allclose(counts.living_at[..., 0].mean(0), newest, atol=0.12)


def test_known_and_unknown_together_have_the_law_of_all():
    rng = np.random.default_rng(6)
    mu, c, q, n = 30.0, 0.6, 8.0, 200_000
    frailty = rng.gamma(q, 1 / q, n)
    known = rng.poisson(c * mu * frailty)
    everyone = known_plus_unknown(known, np.full(n, mu), np.array(c), rng, frailty_shape=q)
    assert everyone.mean() == pytest.approx(mu, rel=0.01)
    assert everyone.var() == pytest.approx(mu + mu**2 / q, rel=0.02)
    plain = known_plus_unknown(np.full(n, 20), np.full(n, mu), np.array(c), rng)
    assert plain.min() >= 20
    assert plain.mean() == pytest.approx(20 + (1 - c) * mu, rel=0.01)
    assert np.array_equal(known_plus_unknown(known, np.full(n, mu), np.array(1.0), rng), known)
