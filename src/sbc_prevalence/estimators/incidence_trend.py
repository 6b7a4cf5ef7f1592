"""Diagnoses of registered years by stratum, their trend, and the years before the register began."""

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]

FEWEST_YEARS = 4
YEARS_FOR_CHANGE = 6
TRENDS = ("common", "by_stratum", "none")
DISPERSIONS = ("estimated", "poisson")
ADDED = 0.5
"""Diagnoses added, over all years, to a stratum without any: its rate is then small, not 0 with an infinite error."""


@dataclass(frozen=True, eq=False)
class IncidenceTrend:
    """Log-linear trend of diagnoses in strata, with its joint uncertainty.

    Parameters
    ----------
    coefficients : array, shape (n_coefficients,)
        log yearly diagnoses of each stratum at time 0, then growth: of all, or of each stratum.
    covariance : array
        Of a Poisson generalised linear model; `draws` widens it by the dispersion.
    dispersion : float
        Variance over mean of yearly totals about the trend: Pearson's statistic over its degrees of freedom, at least 1.
        Extra variation of a year is shared by all strata.
    degrees : int
        Degrees of freedom of the dispersion.
    n_strata : int
    trend : str
    change : float
        How much growth differed between the halves of the registered years beyond chance [per year]; 0 with fewer than
        `YEARS_FOR_CHANGE` years, without a trend, or with ``dispersion="poisson"``. A trend that bent may bend again.
    """

    coefficients: Floats
    covariance: Floats
    dispersion: float
    raw_dispersion: float
    degrees: int
    n_strata: int
    trend: str
    estimated: bool
    change: float

    @property
    def growth(self) -> Floats:
        """Yearly growth of the logarithm, one for all strata or one each; 0 without a trend."""
        return self.coefficients[self.n_strata :] if self.trend != "none" else np.zeros(1)

    def draws(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Coefficients and dispersions drawn jointly; shapes (n, n_coefficients) and (n,).

        The dispersion is drawn as dispersion x degrees / chi-squared(degrees), at least 1, and widens the covariance of
        the same draw: with few years the trend then has the tails of Student's t.
        """
        noise = rng.multivariate_normal(np.zeros(self.coefficients.size), self.covariance, size=n)
        wide = np.ones(n)
        if self.estimated:
            wide = np.maximum(self.raw_dispersion * self.degrees / rng.chisquare(self.degrees, size=n), 1.0)
        return self.coefficients + noise * np.sqrt(wide)[:, None], wide

    def yearly(self, coefficients: Floats, times: Floats) -> Floats:
        """Diagnoses a year; (n, n_coefficients) and (m,) to (n, n_strata, m)."""
        level = coefficients[:, : self.n_strata, None]
        if self.trend == "none":
            return np.exp(level + np.zeros(times.size))
        return np.exp(np.minimum(level + coefficients[:, self.n_strata :, None] * times, 50.0))


def fit_trend(
    counts: Floats, times: Floats, years: Floats, *, trend: str = "common", dispersion: str = "estimated"
) -> IncidenceTrend:
    """Fit a trend to diagnoses by a Poisson generalised linear model (statsmodels), strata kept together.

    Parameters
    ----------
    counts : array, shape (n_years, n_strata)
    times : array, shape (n_years,)
        Middle of each interval [years, from any origin].
    years : array, shape (n_years,)
        Length of each interval.
    trend : {"common", "by_stratum", "none"}
    dispersion : {"estimated", "poisson"}
        ``estimated``: a negative binomial whose variance is proportional to its mean (quasi-Poisson).

    Raises
    ------
    EvidenceError
        If there are fewer than `FEWEST_YEARS` intervals or no diagnoses, or an option is unknown.
    """
    n_years, n_strata = counts.shape
    if trend not in TRENDS or dispersion not in DISPERSIONS:
        raise _refused(f"trend is one of {', '.join(TRENDS)} and dispersion one of {', '.join(DISPERSIONS)}", "Choose.")
    if n_years < FEWEST_YEARS or not counts.sum() > 0:
        raise _refused(f"a trend needs diagnoses in at least {FEWEST_YEARS} registered years",
                       "Give more years, or count those observed only.")
    filled = counts + np.where(counts.sum(0) == 0, ADDED / n_years, 0.0)
    stratum = np.tile(np.arange(n_strata), n_years)
    at = np.repeat(times, n_strata)
    columns = [(stratum == k).astype(float) for k in range(n_strata)]
    if trend == "common":
        columns.append(at)
    elif trend == "by_stratum":
        columns += [np.where(stratum == k, at, 0.0) for k in range(n_strata)]
    fitted = sm.GLM(filled.ravel(), np.column_stack(columns), family=sm.families.Poisson(),
                    offset=np.repeat(np.log(years), n_strata)).fit(maxiter=100)
    expected = np.asarray(fitted.fittedvalues).reshape(counts.shape).sum(1)
    degrees = n_years - (1 if trend == "none" else 2)
    pearson = float(((counts.sum(1) - expected) ** 2 / np.maximum(expected, 1e-12)).sum() / degrees)
    return IncidenceTrend(np.asarray(fitted.params), np.asarray(fitted.cov_params()), max(pearson, 1.0), pearson,
                          degrees, n_strata, trend, dispersion == "estimated",
                          _change(counts.sum(1), times, years) if trend != "none" and dispersion == "estimated" else 0.0)


def _change(totals: Floats, times: Floats, years: Floats) -> float:
    """Change of growth at the middle of the years: sqrt of its square less its variance, not below 0."""
    if totals.size < YEARS_FOR_CHANGE:
        return 0.0
    columns = np.column_stack([np.ones(times.size), times, np.maximum(times - times.mean(), 0.0)])
    bent = sm.GLM(totals, columns, family=sm.families.Poisson(), offset=np.log(years)).fit(scale="X2", maxiter=100)
    variance = float(bent.cov_params()[2, 2]) / min(float(bent.scale), 1.0)
    return float(np.sqrt(max(float(bent.params[2]) ** 2 - variance, 0.0)))


def _refused(requirement: str, remedy: str) -> EvidenceError:
    return EvidenceError(Problem("E-TREND", "incidence of unobserved years", requirement, remedy))
