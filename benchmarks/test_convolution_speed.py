"""Living and deaths of many draws: one matrix product against a loop over cohorts and against scipy.signal."""

import numpy as np
from scipy import signal
from timing import best_seconds

from sbc_prevalence.kernels.convolution import alive_on_grid, deaths, dying_on_grid, living

N_DRAWS, N_AREAS, N_YEARS = 250, 14, 59
RNG = np.random.default_rng(1)
INCIDENCE = RNG.uniform(1, 80, (N_DRAWS, 2, N_AREAS, N_YEARS))
ONE_CURVE = np.cumprod(RNG.uniform(0.6, 0.9, (N_DRAWS, 2, 1, N_YEARS)), axis=-1)
SURVIVORSHIP = np.broadcast_to(ONE_CURVE, (N_DRAWS, 2, N_YEARS, N_YEARS)).copy()


def as_matrix_product():
    alive = alive_on_grid(SURVIVORSHIP, N_YEARS)
    return living(INCIDENCE, alive), deaths(INCIDENCE, dying_on_grid(alive, N_YEARS))


def as_loop_over_cohorts():
    alive, dead = np.zeros_like(INCIDENCE), np.zeros_like(INCIDENCE)
    for s in range(N_YEARS):
        before = np.ones((N_DRAWS, 2, 1))
        for m in range(N_YEARS - s):
            now = SURVIVORSHIP[:, :, s, m][..., None]
            alive[..., s + m] += INCIDENCE[..., s] * now
            dead[..., s + m] += INCIDENCE[..., s] * (before - now)
            before = now
    return alive, dead


def as_signal():
    """Only possible while every diagnosis year has the same curve."""
    leaving = -np.diff(ONE_CURVE, axis=-1, prepend=1.0)
    return tuple(signal.fftconvolve(INCIDENCE, curve, axes=-1)[..., :N_YEARS] for curve in (ONE_CURVE, leaving))


def test_one_matrix_product_beats_a_loop_over_cohorts(benchmark):
    for other in (as_loop_over_cohorts(), as_signal()):
        for found, expected in zip(as_matrix_product(), other, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-8)
    benchmark(as_matrix_product)
    product = best_seconds(as_matrix_product)
    ratios = {"loop over cohorts / matrix product": best_seconds(as_loop_over_cohorts) / product,
              "scipy.signal / matrix product": best_seconds(as_signal) / product}
    benchmark.extra_info.update(ratios)
    assert ratios["loop over cohorts / matrix product"] > 1.5
