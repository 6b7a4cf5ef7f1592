"""Log-likelihoods, written once for NumPy and for the model: counts, intervals of counts, proportions, points."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace

SMALLEST_VARIANCE = 1e-6
LARGEST_INTERVAL = 500
SMALLEST_SHARE = 1e-12
OUTSIDE = -1e10
"""Log weight of a value outside the interval of a count."""


def dispersion_size(sd: Array) -> Array:
    """Negative-binomial size of an extra-Poisson coefficient of variation `sd`; bounded for stability."""
    return 1.0 / (sd**2 + SMALLEST_VARIANCE)


def negative_binomial_logpmf(y: Array, mean: Array, size: Array, xp: Namespace = NUMPY) -> Array:
    """log P(y) of a negative binomial with variance mean + mean^2 / size."""
    return (
        xp.gammaln(y + size)
        - xp.gammaln(size)
        - xp.gammaln(y + 1.0)
        + size * xp.log(size)
        + y * xp.log(mean)
        - (y + size) * xp.log(mean + size)
    )


def interval_support(
    lower: NDArray[np.int64], upper: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values that each count may take, padded to one width.

    Returns
    -------
    values : array, shape (n_rows, width)
    log_mask : array, shape (n_rows, width)
        0 where the value lies in the interval, -1e10 in the padding.
    """
    width = int((upper - lower).max(initial=0)) + 1
    values = lower[:, None] + np.arange(width)[None, :]
    inside = values <= upper[:, None]
    return np.where(inside, values, lower[:, None]).astype(float), np.where(inside, 0.0, OUTSIDE)


def count_loglik(values: Array, log_mask: Array, mean: Array, size: Array, xp: Namespace = NUMPY) -> Array:
    """Log-likelihood of counts known exactly or within an interval.

    Parameters
    ----------
    values, log_mask : arrays, shape (n_rows, width)
        From `interval_support`; width 1 means that all counts are exact.
    mean : array, shape (..., n_rows)
    size : array, shape (...)

    Returns
    -------
    array, shape (..., n_rows)
    """
    return row_loglik(values, log_mask, mean, size[..., None], xp)


def row_loglik(values: Array, log_mask: Array, mean: Array, size: Array, xp: Namespace = NUMPY) -> Array:
    """`count_loglik` where every row has a dispersion of its own: ``size`` of shape (..., n_rows) or (..., 1).

    The terms of an interval follow from each other, so that each costs a logarithm.
    """
    first = negative_binomial_logpmf(values[..., 0], mean, size, xp) + log_mask[..., 0]
    if values.shape[-1] == 1:
        return first
    below = values[..., :-1]
    odds = (xp.log(mean) - xp.log(mean + size))[..., None]
    ratio = xp.log((below + size[..., None]) / (below + 1.0)) + odds
    rest = first[..., None] + xp.cumsum(ratio, axis=-1) + log_mask[..., 1:]
    return xp.logsumexp(xp.concatenate([first[..., None], rest], axis=-1), -1)


def net_change_loglik(
    net: Array, added: Array, size: Array, removed: Array, n_removals: int, xp: Namespace = NUMPY
) -> Array:
    """log P(additions - removals = net), the removals summed out.

    Additions are negative binomial with mean `added` and shape `size`, removals Poisson with mean `removed`, independent.

    Parameters
    ----------
    net : array, shape (n_cells,)
        Whole numbers, of either sign.
    added, size, removed : arrays, shape (..., n_cells)
        Above 0.
    n_removals : int
        Removals are summed from the fewest that the net change allows over so many values; the terms follow from each
        other, so that each costs a logarithm.

    Returns
    -------
    array, shape (..., n_cells)
    """
    fewest = xp.maximum(-net, 0.0)
    first = (
        negative_binomial_logpmf(net + fewest, added, size, xp)
        + fewest * xp.log(removed) - removed - xp.gammaln(fewest + 1.0)
    )
    steps = np.arange(n_removals - 1, dtype=float)
    came, left = (net + fewest)[..., None] + steps, fewest[..., None] + steps
    odds = (xp.log(added) - xp.log(added + size) + xp.log(removed))[..., None]
    ratio = xp.log(came + size[..., None]) - xp.log((came + 1.0) * (left + 1.0)) + odds
    terms = xp.concatenate([first[..., None], first[..., None] + xp.cumsum(ratio, axis=-1)], axis=-1)
    return xp.logsumexp(terms, -1)


def dirichlet_multinomial_loglik(counts: Array, shares: Array, size: Array, xp: Namespace = NUMPY) -> Array:
    """log P(counts | their sum) up to a constant; shares vary around their mean as a Dirichlet of the given size.

    Parameters
    ----------
    counts : array, shape (n_rows, n_ways)
    shares : array, shape (..., n_rows, n_ways)
        Sum to 1.
    size : array, shape (..., 1)
        Sum of the Dirichlet's parameters; large: multinomial.

    Returns
    -------
    array, shape (..., n_rows)
    """
    alpha = xp.maximum(shares, SMALLEST_SHARE) * size[..., None]
    own = (xp.gammaln(counts + alpha) - xp.gammaln(alpha)).sum(-1)
    return own + xp.gammaln(size) - xp.gammaln(size + counts.sum(-1))


def binomial_loglik(found: Array, known: Array, probability: Array, xp: Namespace = NUMPY) -> Array:
    """log P(found of known) up to a constant."""
    p = 1e-12 + (1.0 - 2e-12) * probability
    return found * xp.log(p) + (known - found) * xp.log1p(-p)


def studies_loglik(
    residual: Array, precision: Array, study: Array, between_sd: Array, share: Array, xp: Namespace = NUMPY
) -> Array:
    """Log-likelihood of points whose study shares one error, the error integrated out.

    Residuals are normal with variance 1 / precision plus share x between_sd^2 common to the points of a study.

    Parameters
    ----------
    residual : array, shape (..., n_points)
    precision : array, shape (n_points,)
    study : array, shape (n_points, n_studies)
        1 where a point belongs to a study.
    between_sd : array, shape (...)
    share : array, shape (n_studies,)
        Share of between_sd^2 that is integrated out for each study.

    Returns
    -------
    array, shape (...)
    """
    weighted = residual * precision
    variance = share * between_sd[..., None] ** 2
    inflation = 1.0 + variance * (precision @ study)
    explained = variance * (weighted @ study) ** 2 / inflation
    determinant = xp.log(inflation).sum(-1) - xp.log(precision).sum(-1)
    constant = precision.shape[0] * np.log(2 * np.pi)
    return -0.5 * ((weighted * residual).sum(-1) - explained.sum(-1) + determinant + constant)
