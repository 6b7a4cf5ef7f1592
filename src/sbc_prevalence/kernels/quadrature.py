"""Nodes and weights for integrals over the year of diagnosis."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

FIRST_YEAR_NODES = 12
LATER_YEAR_NODES = 4
_POWER = 5


@cache
def _gauss_legendre(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1.0) / 2.0, w / 2.0


def unit_nodes(n: int = LATER_YEAR_NODES) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss-Legendre nodes and weights on [0, 1]; exact for polynomials of degree 2n - 1.

    Returns
    -------
    nodes, weights : arrays, shape (n,)
    """
    nodes, weights = _gauss_legendre(n)
    return nodes.copy(), weights.copy()


def first_year_nodes(n: int = FIRST_YEAR_NODES) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights on [0, 1] for survival just after diagnosis.

    Under a Weibull shape below 1 the hazard is infinite at 0, and plain nodes converge slowly.
    The substitution v = w^5 makes the integrand smooth; with 8 nodes the integral of a Weibull
    survival of shape 0.8 is good to 2e-11, and with 12 that of any Weibull or log-logistic survival of shape 0.5
    to 1.6 and scale of a year or more to 2e-9.

    Returns
    -------
    nodes, weights : arrays, shape (n,)
    """
    nodes, weights = _gauss_legendre(n)
    return nodes**_POWER, weights * _POWER * nodes ** (_POWER - 1)
