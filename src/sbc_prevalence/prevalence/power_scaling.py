"""What a posterior rests on: how it answers when a part of its log density counts a little more. Arrays only.

A log posterior is a sum of parts: the log-likelihood of each source, the log prior of each group. Raising part j to
the power alpha and looking at the change at alpha = 1 needs no other fit, because the derivative of any posterior mean
is a posterior covariance: d E[f] / d log alpha_j = Cov(f, l_j).
"""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHAS = (0.99, 1.01)
WIDE_ALPHAS = (0.8, 1.25)
K_HAT_LIMIT = 0.7
NOISE = 2.0
"""Monte Carlo standard errors below which a share is not told from 0."""


@dataclass(frozen=True)
class Influence:
    """Answers of quantities to parts of the log density; arrays of shape (n_parts, n_quantities).

    Parameters
    ----------
    information_share : array
        -2 d log sd / d log alpha_j. In a normal model: the part's share of the posterior precision; the shares of
        all parts then sum to 1. Below 0 where a part makes the posterior wider.
    information_share_mcse : array
        Monte Carlo standard error of it; NaN where the answer comes from fits of their own.
    shift : array
        Change of the mean for a doubling of the part, in posterior standard deviations.
    sensitivity : array
        Cumulative Jensen-Shannon distance for each unit of log2 alpha.
    k_hat : array, shape (n_parts,)
        Pareto shape of the importance weights at the powers `WIDE_ALPHAS`, the worse of the two.
    """

    information_share: Floats
    information_share_mcse: Floats
    shift: Floats
    sensitivity: Floats
    k_hat: Floats

    @property
    def disagreement(self) -> Floats:
        """Sds by which each part and all others together disagree on each quantity; exact in a normal model.

        shift / (log 2 sqrt(w (1 - w))), w the information share. NaN where the share cannot be told from 0, or is not
        below 1.
        """
        w = self.information_share
        told = (w > np.where(np.isnan(self.information_share_mcse), 0.0, NOISE * self.information_share_mcse)) & (w < 1)
        with np.errstate(invalid="ignore"):
            return np.where(told, self.shift / (np.log(2.0) * np.sqrt(w * (1.0 - w))), np.nan)

    @property
    def reliable(self) -> NDArray[np.bool_]:
        """Whether draws carry the answer, shape (n_parts,)."""
        return np.asarray(self.k_hat < K_HAT_LIMIT)


def influence(quantities: Floats, parts: Floats) -> Influence:
    """Answers of quantities to parts of the log density, from draws alone.

    Parameters
    ----------
    quantities : array, shape (n_chains, n_draws, n_quantities)
        On the scale where they are nearly normal, e.g. logarithms of persons.
    parts : array, shape (n_chains, n_draws, n_parts)
        Log density of each part, up to a constant.

    References
    ----------
    Kallioinen et al. (2024), doi:10.1007/s11222-023-10366-5; Vehtari et al. (2024), Pareto smoothed importance sampling.
    """
    q = quantities - quantities.mean((0, 1))
    terms = parts - parts.mean((0, 1))
    variance = (q**2).mean((0, 1))
    safe = np.where(variance > 0, variance, np.nan)
    n = q.shape[0] * q.shape[1]
    product = -((q**2 - variance) / safe)[:, :, None, :] * terms[..., None]
    share = product.mean((0, 1))
    by_cell = np.moveaxis(product.reshape(*product.shape[:2], -1), -1, 0)
    error = np.full(by_cell.shape[0], np.nan)
    varies = np.isfinite(by_cell).all((1, 2)) & (np.ptp(by_cell, axis=(1, 2)) > 0)
    if varies.any():
        error[varies] = array_stats.mcse(by_cell[varies], method="mean")
    shift = np.log(2.0) * np.einsum("cdq,cdj->jq", q, terms) / n / np.sqrt(safe)
    return Influence(share, error.reshape(share.shape), shift, _distances(quantities, parts), k_hats(parts))


def k_hats(parts: Floats) -> Floats:
    """Pareto shape of the weights of each part at `WIDE_ALPHAS`, the worse of the two; shape (n_parts,).

    Parameters
    ----------
    parts : array, shape (n_chains, n_draws, n_parts)
    """
    flat = parts.reshape(-1, parts.shape[-1])
    found = np.full(flat.shape[1], -np.inf)
    for j in np.flatnonzero(np.ptp(flat, axis=0) > 0):
        found[j] = max(smoothed_log_weights((alpha - 1.0) * flat[:, j])[1] for alpha in WIDE_ALPHAS)
    return found


def smoothed_log_weights(log_weights: Floats) -> tuple[Floats, float]:
    """Pareto-smoothed log weights, normalised, and their k-hat; infinite where a few weights are all.

    Parameters
    ----------
    log_weights : array, shape (n_draws,)
    """
    # psislw takes log-likelihoods and weighs by their inverse
    smoothed, k_hat = array_stats.psislw(-np.asarray(log_weights, dtype=float))
    smoothed = np.asarray(smoothed)
    return smoothed - np.logaddexp.reduce(smoothed), float(k_hat) if np.isfinite(k_hat) else np.inf


def _distances(quantities: Floats, parts: Floats) -> Floats:
    """Cumulative Jensen-Shannon distance for each unit of log2 alpha, shape (n_parts, n_quantities)."""
    found = np.zeros((parts.shape[-1], quantities.shape[-1]))
    still = np.ptp(quantities, axis=(0, 1)) == 0
    for j in range(parts.shape[-1]):
        part = parts[..., j]
        if np.ptp(part) == 0:
            continue
        weights = []
        for alpha in ALPHAS:
            log_weights = array_stats.power_scale_lw(part, alpha=alpha, axis=(0, 1))
            weight = np.exp(log_weights - np.max(log_weights))
            weights.append(weight / weight.sum())
        for i in np.flatnonzero(~still):
            found[j, i] = array_stats.power_scale_sense(quantities[..., i], *weights, *ALPHAS)
    return found


def influence_of_refits(low: Floats, high: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Information share and shift from two fits at the powers `WIDE_ALPHAS`, by central differences.

    Parameters
    ----------
    low, high : arrays, shape (n_low, n_quantities), (n_high, n_quantities)
        Draws at the lower and at the higher power.
    sd : array, shape (n_quantities,)
        Posterior standard deviation at power 1.

    Returns
    -------
    information_share, shift : arrays, shape (n_quantities,)
    """
    doublings = float(np.log2(WIDE_ALPHAS[1] / WIDE_ALPHAS[0]))
    narrowed = np.log(high.std(0)) - np.log(low.std(0))
    share = -2.0 * narrowed / (doublings * np.log(2.0))
    return share, (high.mean(0) - low.mean(0)) / (doublings * sd)
