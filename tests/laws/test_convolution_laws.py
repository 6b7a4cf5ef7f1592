"""Laws of living and deaths that hold for any incidence and any survivorship (model.md section 9)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import DURATION_EDGES
from sbc_prevalence.kernels.convolution import (
    alive_on_grid,
    band_matrix,
    deaths,
    deaths_by_year,
    dying_on_grid,
    incidence_from_deaths,
    living,
    living_by_duration,
)

COUNTS = st.floats(0.0, 5_000.0, allow_subnormal=False)
SHARES = st.floats(0.0, 1.0, allow_subnormal=False)


@st.composite
def worlds(draw, n_areas: int | None = None):
    """Incidence (area, year) and survivorship (year, duration) that falls with duration, as long as the grid."""
    n = draw(st.integers(2, 12))
    areas = draw(st.integers(1, 4)) if n_areas is None else n_areas
    incidence = draw(hnp.arrays(float, (areas, n), elements=COUNTS))
    kept = draw(hnp.arrays(float, (n, n), elements=SHARES))
    return incidence, np.cumprod(kept, axis=-1)


def total(incidence, survivorship):
    return living_by_duration(incidence, survivorship).sum(-1)


@given(worlds(), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 2**32 - 1))
def test_living_and_deaths_are_linear_in_incidence(world, a, b, seed):
    incidence, survivorship = world
    other = np.random.default_rng(seed).uniform(0, 1000, incidence.shape)
    for quantity in (total, deaths_by_year):
        both = quantity(a * incidence + b * other, survivorship)
        apart = a * quantity(incidence, survivorship) + b * quantity(other, survivorship)
        np.testing.assert_allclose(both, apart, rtol=1e-10, atol=1e-6)


@given(worlds())
def test_without_deaths_the_living_are_cumulative_incidence(world):
    incidence, survivorship = world
    immortal = np.ones_like(survivorship)
    np.testing.assert_allclose(total(incidence, immortal), np.cumsum(incidence, -1), rtol=1e-12)
    np.testing.assert_allclose(deaths_by_year(incidence, immortal), 0.0, atol=1e-7)


@given(worlds())
def test_when_all_die_at_once_nobody_lives_and_the_deaths_are_the_diagnosed(world):
    incidence, survivorship = world
    gone = np.zeros_like(survivorship)
    assert np.all(total(incidence, gone) == 0.0)
    np.testing.assert_allclose(deaths_by_year(incidence, gone), incidence, rtol=1e-12)


@given(worlds())
def test_duration_bands_sum_to_complete_prevalence(world):
    incidence, survivorship = world
    by_duration = living_by_duration(incidence, survivorship)
    bands = by_duration @ band_matrix(by_duration.shape[-1], DURATION_EDGES)
    assert bands.shape[-1] == len(DURATION_EDGES)
    np.testing.assert_allclose(bands.sum(-1), by_duration.sum(-1), rtol=1e-12)


@given(worlds(), st.integers(0, 2**32 - 1))
def test_better_survival_never_means_fewer_living(world, seed):
    incidence, survivorship = world
    better = survivorship ** np.random.default_rng(seed).uniform(0, 1)
    assert np.all(total(incidence, better) >= total(incidence, survivorship) - 1e-9)


@given(worlds())
def test_the_living_are_bounded_by_cumulative_incidence_and_by_zero(world):
    incidence, survivorship = world
    alive = total(incidence, survivorship)
    assert np.all(alive >= 0)
    assert np.all(alive <= np.cumsum(incidence, -1) * (1 + 1e-12) + 1e-9)


@given(worlds())
def test_areas_sum_to_the_nation(world):
    incidence, survivorship = world
    np.testing.assert_allclose(
        living_by_duration(incidence, survivorship).sum(0), living_by_duration(incidence.sum(0), survivorship),
        rtol=1e-10, atol=1e-9)


@given(worlds(n_areas=4), st.permutations(range(4)))
def test_permuting_areas_permutes_results(world, order):
    incidence, survivorship = world
    np.testing.assert_array_equal(
        living_by_duration(incidence[list(order)], survivorship),
        living_by_duration(incidence, survivorship)[list(order)])


@given(worlds())
def test_the_balance_of_living_diagnosed_and_dead_holds_exactly(world):
    incidence, survivorship = world
    n = incidence.shape[-1]
    alive = alive_on_grid(survivorship, n)
    now, dead = living(incidence, alive), deaths(incidence, dying_on_grid(alive, n))
    before = np.concatenate([np.zeros_like(now[:, :1]), now[:, :-1]], -1)
    np.testing.assert_allclose(now, before + incidence - dead, rtol=1e-12, atol=1e-9)
    assert np.all(dead >= -1e-9)


@given(worlds())
def test_the_matrix_product_and_the_lexis_diagonals_count_the_same_people(world):
    incidence, survivorship = world
    n = incidence.shape[-1]
    alive = alive_on_grid(survivorship, n)
    np.testing.assert_allclose(living(incidence, alive), total(incidence, survivorship), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(
        deaths(incidence, dying_on_grid(alive, n)), deaths_by_year(incidence, survivorship), rtol=1e-9, atol=1e-8)


@given(worlds())
def test_people_who_outlive_the_table_leave_it_without_dying(world):
    incidence, survivorship = world
    short = survivorship[:, : max(1, survivorship.shape[1] // 2)]
    n_short = short.shape[1]
    alive = alive_on_grid(survivorship, incidence.shape[-1])
    expected = deaths(incidence, dying_on_grid(alive, incidence.shape[-1]))
    lag = np.arange(incidence.shape[-1])
    late = (lag[None, :] - lag[:, None]) >= n_short
    expected = expected - incidence @ (dying_on_grid(alive, incidence.shape[-1]) * late)
    np.testing.assert_allclose(deaths_by_year(incidence, short), expected, rtol=1e-9, atol=1e-8)


@given(st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_exact_back_calculation_returns_the_incidence(n, seed):
    rng = np.random.default_rng(seed)
    incidence, survivorship = rng.uniform(50, 150, n), np.cumprod(rng.uniform(0.4, 0.8, n))
    found = incidence_from_deaths(deaths_by_year(incidence, survivorship), survivorship)
    np.testing.assert_allclose(found, incidence, rtol=1e-6)


@given(worlds(), st.integers(2, 5))
def test_leading_axes_are_kept_draw_by_draw(world, n_draws):
    incidence, survivorship = world
    scale = np.arange(1, n_draws + 1, dtype=float)[:, None, None]
    together = living_by_duration(scale * incidence, survivorship)
    for draw in range(n_draws):
        np.testing.assert_allclose(
            together[draw], living_by_duration(scale[draw] * incidence, survivorship), rtol=1e-12)


@pytest.mark.parametrize("wrong", [[[0.5, 0.6]], [[1.2, 0.4]], [[0.5, -0.1]]])
def test_what_cannot_be_survivorship_is_refused(wrong):
    with pytest.raises(EvidenceError):
        living_by_duration(np.ones(2), np.array(wrong * 2))


def test_survivorship_of_other_years_is_refused():
    with pytest.raises(EvidenceError, match="3 years, survivorship 2"):
        living_by_duration(np.ones(3), np.ones((2, 3)))
