"""Low-rank bases for smooth trends over years."""

import numpy as np
from numpy.typing import NDArray


def _leading(covariance: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(values)[::-1]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order]
    keep = int(np.searchsorted(np.cumsum(values) / values.sum(), share)) + 1
    basis = vectors[:, :keep] * np.sqrt(values[:keep])
    return basis * np.sign(basis.sum(0) + 1e-300)


def matern_basis(years: NDArray[np.int64], length_years: float, share: float = 0.999) -> NDArray[np.float64]:
    """Karhunen-Loeve basis of a Matern 5/2 process of unit variance.

    Parameters
    ----------
    years : int array, shape (n_years,)
    length_years : float
        Distance over which values remain alike.
    share : float
        Share of the variance that the basis keeps.

    Returns
    -------
    array, shape (n_years, n_basis)
        ``basis @ z`` with standard normal z is one draw of the process. Away from data it returns to 0.
    """
    distance = np.sqrt(5.0) * np.abs(years[:, None] - years[None, :]) / length_years
    return _leading((1.0 + distance + distance**2 / 3.0) * np.exp(-distance), share)


def random_walk_basis(
    years: NDArray[np.int64], anchor: tuple[int, int], share: float = 0.9999
) -> NDArray[np.float64]:
    """Karhunen-Loeve basis of a second-order random walk, without its level and slope over the anchor years.

    Scaled so that the average variance over the anchor years is 1. Outside them it widens, as a
    projection should.

    Parameters
    ----------
    years : int array, shape (n_years,)
    anchor : (int, int)
        First and last year of the data.

    Returns
    -------
    array, shape (n_years, n_basis)
    """
    n = years.size
    inside = (years >= anchor[0]) & (years <= anchor[1])
    walk = np.cumsum(np.cumsum(np.eye(n), axis=0), axis=0)
    centre = (years - years[inside].mean())[:, None]
    line = np.concatenate([np.ones_like(centre, dtype=float), centre.astype(float)], axis=1)
    coefficients, *_ = np.linalg.lstsq(line[inside], walk[inside], rcond=None)
    walk = walk - line @ coefficients
    covariance = walk @ walk.T
    scale = np.mean(np.diag(covariance)[inside])
    return _leading(covariance / (scale if scale > 0 else 1.0), share)
