"""Nodes over the year of diagnosis: exact for polynomials, good where the hazard is infinite at 0."""

import numpy as np
import pytest

from sbc_prevalence.kernels.quadrature import first_year_nodes, unit_nodes


@pytest.mark.parametrize("n", [2, 4, 8])
def test_plain_nodes_are_exact_for_polynomials(n):
    x, w = unit_nodes(n)
    for power in range(2 * n):
        assert x**power @ w == pytest.approx(1 / (power + 1), rel=1e-12)


def test_the_callers_copy_is_its_own():
    first, _ = unit_nodes(4)
    first[:] = 0.0
    again, _ = unit_nodes(4)
    assert np.all(again > 0)


@pytest.mark.parametrize("shape", [0.5, 0.6, 0.8, 1.0, 1.2, 1.5])
@pytest.mark.parametrize("scale", [1.0, 2.5, 8.0])
def test_first_year_nodes_integrate_every_survival_to_one_in_a_hundred_million(shape, scale):
    fine, weights = np.polynomial.legendre.leggauss(400)
    fine, weights = (fine + 1) / 2, weights / 2
    x, w = first_year_nodes()
    for survival in (lambda u: np.exp(-((u / scale) ** shape)), lambda u: 1 / (1 + (u / scale) ** shape)):
        exact = survival(fine**9) @ (weights * 9 * fine**8)
        assert survival(x) @ w == pytest.approx(exact, abs=1e-8)


def test_eight_nodes_reach_what_the_design_says_of_a_weibull_of_shape_08():
    fine, weights = np.polynomial.legendre.leggauss(400)
    fine, weights = (fine + 1) / 2, weights / 2
    x, w = first_year_nodes(8)
    exact = np.exp(-((fine**9 / 2.5) ** 0.8)) @ (weights * 9 * fine**8)
    assert np.exp(-((x / 2.5) ** 0.8)) @ w == pytest.approx(exact, abs=2e-11)
