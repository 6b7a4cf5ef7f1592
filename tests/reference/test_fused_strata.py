"""The fused kernel with many strata and classes: against the plain formulas, and its gradient against slopes."""

import numpy as np
import pytest

from fused_passes import backward, forward
from sbc_prevalence.kernels import fused
from sbc_prevalence.kernels.convolution import alive_on_grid, dying_on_grid
from sbc_prevalence.kernels.survivorship import (
    FIRST_NODES,
    FIRST_WEIGHTS,
    LATER_NODES,
    LATER_WEIGHTS,
    survivorship_from_hazards,
)

N_STRATA, N_LEVELS, N_YEARS, N_DYING, N_LIVING = 5, 2, 9, 3, 4
YEARS = np.arange(N_YEARS, dtype=float)
NODES = np.concatenate([
    FIRST_NODES, np.arange(N_YEARS + 1, dtype=float), (YEARS[1:, None] + LATER_NODES).ravel()])
DECADES = {
    "by diagnosis year, flat at both ends": np.repeat(np.clip(YEARS, 2, 6)[:, None] / 10.0, N_YEARS, axis=1),
    "by calendar year": np.clip(YEARS[:, None] + YEARS[None, :] + 1.0, 2, 12) / 10.0,
    "none": np.zeros((N_YEARS, N_YEARS))}


def arguments(decades, seed=1):
    rng = np.random.default_rng(seed)

    def shares(n):
        raw = rng.uniform(size=(N_STRATA, n, N_YEARS))
        return raw / raw.sum(1, keepdims=True)

    floor = rng.uniform(0.02, 0.25, N_STRATA)[:, None] * NODES**1.2
    return [rng.uniform(1, 50, (N_STRATA, N_LEVELS, N_YEARS)), 0.3 * NODES**0.8, rng.uniform(0.5, 2.0, N_STRATA),
            rng.normal(0, 0.3, N_STRATA), 1.1, decades, floor, shares(N_DYING), shares(N_LIVING), FIRST_WEIGHTS,
            LATER_WEIGHTS]


def on_grid(a):
    """Survivorship of every stratum by the plain formula, shape (n_strata, n_years, n_years)."""
    _, hazard, ratios, slopes, floor_factor, decades, floor, *_ = a
    end = FIRST_NODES.size + N_YEARS + 1

    def parts(flat):
        return flat[:, :FIRST_NODES.size], flat[:, FIRST_NODES.size:end], flat[:, end:].reshape(
            N_STRATA, N_YEARS - 1, LATER_NODES.size)

    share = survivorship_from_hazards(
        *parts(hazard * ratios[:, None]), np.exp(slopes[:, None, None] * decades), *parts(floor_factor * floor))
    return alive_on_grid(share, N_YEARS)


@pytest.mark.parametrize("decades", DECADES.values(), ids=DECADES)
def test_classes_of_every_stratum_are_those_of_the_plain_formula(decades):
    a = arguments(decades)
    dead, alive_people, *_ = forward(*a)
    alive = on_grid(a)
    lag = np.maximum(np.arange(N_YEARS)[None, :] - np.arange(N_YEARS)[:, None], 0)
    for found, people, at in ((dead, dying_on_grid(alive, N_YEARS), a[7]), (alive_people, alive, a[8])):
        expected = np.einsum("kls,kst,kcst->clt", a[0], people, at[:, :, lag])
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        together = np.einsum("kls,kst->lt", a[0], people)
        np.testing.assert_allclose(found.sum(0), together, rtol=1e-12)


@pytest.mark.parametrize("decades", DECADES.values(), ids=DECADES)
def test_the_gradient_is_the_slope_in_every_argument_of_every_stratum(decades):
    a, rng = arguments(decades), np.random.default_rng(2)
    dead, alive_people, *_ = forward(*a)
    to_dead, to_alive = rng.standard_normal(dead.shape), rng.standard_normal(alive_people.shape)
    found = backward(to_dead, to_alive, *a)

    def value(at, moved):
        d, n, *_ = forward(*[moved if i == at else x for i, x in enumerate(a)])
        return (to_dead * d).sum() + (to_alive * n).sum()

    for at in range(5):
        base = np.asarray(a[at], dtype=float)
        for place in list(np.ndindex(base.shape))[:60]:
            step = np.zeros(base.shape)
            step[place] = 1e-5 * max(abs(float(base[place])), 1e-2)
            up, down = (base + step, base - step) if base.ndim else (float(base + step), float(base - step))
            slope = (value(at, up) - value(at, down)) / (2 * step[place])
            assert float(np.asarray(found[at])[place]) == pytest.approx(slope, rel=1e-5, abs=1e-3)


def test_draws_together_are_draws_one_by_one():
    several = [arguments(DECADES["by calendar year"], seed) for seed in (1, 2, 3)]
    constants = several[0][5:]
    stacked = [np.stack([np.asarray(a[i], dtype=float) for a in several]) for i in range(5)]
    dead, alive_people = fused.convolved_draws(*stacked, *constants)
    on_the_grid = fused.survivorship_of_draws(*stacked[1:], *constants[:2], FIRST_WEIGHTS, LATER_WEIGHTS)
    for i, a in enumerate(several):
        one = [*a[:5], *constants]
        found = forward(*one)
        np.testing.assert_array_equal(dead[i], found[0])
        np.testing.assert_array_equal(alive_people[i], found[1])
        np.testing.assert_allclose(on_the_grid[i], on_grid(one), rtol=1e-12)
