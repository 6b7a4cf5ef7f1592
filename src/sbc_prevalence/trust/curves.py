"""Survival after metastatic diagnosis: published curves as the prior, the sheet's own follow-up as the likelihood.

Two families, each a straight line against log time on its own scale: ``eta(u) = a + k log u + delta [recurrent]``, with
cumulative hazard ``exp(eta)`` (Weibull) or ``log(1 + exp(eta))`` (log-logistic). The prior of ``(a, log k, delta)`` is
normal and comes from published points with an error shared within studies; the posterior is drawn by importance sampling
around its mode with a heavy-tailed proposal, exact but for Monte Carlo error, whose effective size is reported. Families
are weighed by what the sheet makes of each. The hazard never falls below other-cause mortality at the attained age.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import expit, logsumexp

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.trust.people import Floats, People

RATIO_LOG_MEAN, RATIO_LOG_SD = float(np.log(1.35)), 0.3
"""Recurrent against de novo, on the scale of eta: model.md section 8 has the published contrasts (1.0 to 1.88)."""
SHAPE_LOG_SD = 0.2
DEFAULT_ETA_SD = 0.10
FIRST_YEAR = 2005
"""Published diagnoses before it were treated too differently to be a prior for today."""
STEP_YEARS, COARSE_YEARS, HORIZON_YEARS = 1 / 12, 1 / 4, 60.0
PROPOSALS = 4000
DEGREES = 5
MORTALITY, MORTALITY_YEAR = "other_cause_mortality_scotland", 2019


@dataclass(frozen=True)
class CurvePrior:
    """Normal prior of ``(a, log k, delta)`` of one family.

    Parameters
    ----------
    family : str
    mean : array, shape (3)
    covariance : array, shape (3, 3)
    studies : tuple of str
        That the prior rests on.
    """

    family: str
    mean: Floats
    covariance: Floats
    studies: tuple[str, ...]


@dataclass(frozen=True)
class Curves:
    """Draws of survival.

    Parameters
    ----------
    cumulative_hazard : array, shape (draws, 2, n_times)
        Of recurrent (0) and de novo (1) disease at `times`, the floor included.
    times : array, shape (n_times)
        Years since diagnosis, from 0.
    family : int array, shape (draws)
        Position in `families`.
    families : tuple of str
    effective : float
        Effective number of draws of the importance sampling, of the smallest family that matters.
    """

    cumulative_hazard: Floats
    times: Floats
    family: NDArray[np.int64]
    families: tuple[str, ...]
    effective: float

    def at(self, years: Floats, de_novo: Floats, share_de_novo: float, hazard_ratio: float = 1.0) -> Floats:
        """Survival of people at times since diagnosis.

        Parameters
        ----------
        years : array, shape (n)
        de_novo : array, shape (n)
            1, 0 or nan; unknown ones are a mixture.
        share_de_novo : float
        hazard_ratio : float

        Returns
        -------
        array, shape (draws, n)
        """
        place = np.clip(years, 0.0, HORIZON_YEARS) / STEP_YEARS
        low = np.minimum(place.astype(int), self.times.size - 2)
        part = place - low
        below, above = self.cumulative_hazard[:, :, low], self.cumulative_hazard[:, :, low + 1]
        alive = np.exp(-hazard_ratio * (below * (1 - part) + above * part))
        weight = np.where(np.isnan(de_novo), share_de_novo, de_novo)
        return np.asarray(weight * alive[:, 1] + (1 - weight) * alive[:, 0])


def published_prior(family: str, published: pd.DataFrame | None = None) -> CurvePrior:
    """Prior of a family from published all-cause survival after diagnoses of 2005 or later.

    Parameters
    ----------
    family : {"weibull", "log_logistic"}
    published : DataFrame, optional
        The carried table ``published_survival`` without it. Rows of both presentations together are moved to de novo by
        the prior ratio; a population that was not studied differs from the mean by the spread between studies.
    """
    rows = load_carried("published_survival").copy() if published is None else published
    number = rows[["duration_years", "value", "lower", "upper", "n", "diagnosis_year_from", "de_novo_share"]].apply(
        pd.to_numeric, errors="coerce")
    used = ((rows["survival_kind"] == "observed") & rows["measure"].isin(["survival", "median"])
            & (number["diagnosis_year_from"] >= FIRST_YEAR) & (rows["presentation"] != "recurrent")).to_numpy()
    rows, number = rows[used], number[used]
    median = (rows["measure"] == "median").to_numpy()
    time = np.where(median, number["value"], number["duration_years"])
    alive = np.where(median, 0.5, number["value"])
    eta = _link(alive, family)
    recurrent = 1.0 - np.where(rows["presentation"] == "de_novo", 1.0, number["de_novo_share"])
    eta = eta - recurrent * RATIO_LOG_MEAN
    study = pd.Categorical(rows["study"])
    codes, log_time = np.asarray(study.codes), np.log(time)
    sampling = np.full(eta.size, DEFAULT_ETA_SD**2)

    def covariance_of(spread: float) -> Floats:
        return np.asarray(np.diag(sampling) + spread**2 * (codes[:, None] == codes[None, :]))

    def minus_log_posterior(p: Floats) -> float:
        a, log_k, log_spread = p
        rest = eta - a - np.exp(log_k) * log_time
        cov = covariance_of(float(np.exp(log_spread)))
        fit = float(stats.multivariate_normal(mean=np.zeros(eta.size), cov=cov).logpdf(rest))
        return -fit + 0.5 * (log_k / 0.5) ** 2 + 0.5 * ((log_spread - np.log(0.25)) / 0.5) ** 2

    best = optimize.minimize(minus_log_posterior, np.array([np.log(0.35), 0.0, np.log(0.25)]), method="Nelder-Mead",
                             options={"xatol": 1e-5, "fatol": 1e-7, "maxiter": 4000})
    a, log_k, log_spread = best.x
    inverse = np.linalg.inv(covariance_of(float(np.exp(log_spread))))
    design = np.column_stack([np.ones(eta.size), np.exp(log_k) * log_time])
    own = np.linalg.inv(design.T @ inverse @ design)
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = own + np.diag([np.exp(2 * log_spread), SHAPE_LOG_SD**2])
    covariance[2, 2] = RATIO_LOG_SD**2
    return CurvePrior(family, np.array([a, log_k, RATIO_LOG_MEAN]), covariance, tuple(map(str, study.categories)))


def _link(alive: Floats, family: str) -> Floats:
    """Eta of a survival probability."""
    return np.asarray(np.log(-np.log(alive)) if family == "weibull" else np.log(1.0 / alive - 1.0))


def posterior_curves(people: People, families: Sequence[str], draws: int, rng: np.random.Generator) -> Curves:
    """Draws of survival given the sheet's own follow-up; families are weighed by it.

    Parameters
    ----------
    people : People
    families : sequence of {"weibull", "log_logistic"}
    draws : int
    rng : numpy.random.Generator
    """
    followed = (people.exit > people.entry) & ~np.isnan(people.de_novo)
    data = _Followed(people.entry[followed], people.exit[followed], people.died[followed], people.de_novo[followed],
                     people.mean_age)
    kept = [_importance(published_prior(family), data, rng) for family in families]
    evidence = np.array([item[2] for item in kept])
    weights = np.exp(evidence - logsumexp(evidence))
    family = np.sort(rng.choice(len(kept), size=draws, p=weights))
    chosen = np.empty((draws, 3))
    effective = np.inf
    for i, (points, log_weights, _) in enumerate(kept):
        mine = family == i
        if mine.any():
            w = np.exp(log_weights - logsumexp(log_weights))
            chosen[mine] = points[rng.choice(len(points), size=int(mine.sum()), p=w)]
            effective = min(effective, 1.0 / float((w**2).sum())) if weights[i] > 0.05 else effective
    order = rng.permutation(draws)
    chosen, family = chosen[order], family[order]
    times = np.arange(0.0, HORIZON_YEARS + STEP_YEARS / 2, STEP_YEARS)
    return Curves(with_floor(chosen, family, tuple(families), times, people.mean_age), times, family, tuple(families),
                  float(effective))


@dataclass(frozen=True, repr=False)
class _Followed:
    """Follow-up of the sheet: years since diagnosis."""

    entry: Floats
    exit: Floats
    died: NDArray[np.bool_]
    de_novo: Floats
    age: float


def _log_likelihood(points: Floats, family: str, data: _Followed) -> Floats:
    """Left-truncated, right-censored log likelihood of each row of parameters, under the same floor as the curves."""
    total = np.zeros(len(points))
    if data.exit.size == 0:
        return total
    k = np.exp(points[:, 1])
    others = _other_causes(data.age + data.exit)
    for recurrent in (0.0, 1.0):
        mine = data.de_novo == 1.0 - recurrent
        if not mine.any():
            continue
        a = points[:, 0] + recurrent * points[:, 2]
        end, start, died = data.exit[mine], data.entry[mine], data.died[mine]
        gone, hazard = _of_family(a, k, np.maximum(end, 1e-4), family)
        gone_before, _ = _of_family(a, k, np.maximum(start, 1e-9), family)
        added = _added_by_floor(a, k, family, data.age)
        gone, gone_before = gone + _at(added, end), gone_before + _at(added, start)
        hazard = np.maximum(hazard, others[mine])
        total += (np.where(died, np.log(hazard), 0.0) - gone + gone_before).sum(axis=1)
    return total


def _of_family(a: Floats, k: Floats, u: Floats, family: str) -> tuple[Floats, Floats]:
    """Cumulative hazard and hazard of a family, shapes (points, times)."""
    eta = np.minimum(a[:, None] + k[:, None] * np.log(u), 50.0)
    if family == "weibull":
        gone = np.exp(eta)
        return gone, k[:, None] / u * gone
    return np.logaddexp(0.0, eta), k[:, None] / u * expit(eta)


def _added_by_floor(a: Floats, k: Floats, family: str, age: float) -> Floats:
    """What the floor adds to the cumulative hazard at times of `COARSE_YEARS`, shape (points, times)."""
    times = np.arange(0.0, HORIZON_YEARS + COARSE_YEARS / 2, COARSE_YEARS)
    grown, _ = _of_family(a, k, np.maximum(times, 1e-9), family)
    floor = _other_causes(age + times[:-1]) * np.diff(times)
    steps = np.maximum(floor - np.diff(grown, axis=1), 0.0)
    return np.concatenate([np.zeros((len(a), 1)), np.cumsum(steps, axis=1)], axis=1)


def _at(added: Floats, years: Floats) -> Floats:
    """A table of `COARSE_YEARS` at some times, by straight lines."""
    place = np.clip(years, 0.0, HORIZON_YEARS) / COARSE_YEARS
    low = np.minimum(place.astype(int), added.shape[1] - 2)
    part = place - low
    return np.asarray(added[:, low] * (1 - part) + added[:, low + 1] * part)


def _importance(prior: CurvePrior, data: _Followed, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Draws around the posterior mode, their log weights, and the log marginal likelihood."""
    normal = stats.multivariate_normal(mean=prior.mean, cov=prior.covariance)

    def log_posterior(points: Floats) -> Floats:
        return np.asarray(normal.logpdf(points) + _log_likelihood(np.atleast_2d(points), prior.family, data))

    def minus(point: Floats) -> float:
        return -float(np.squeeze(log_posterior(point[None, :])))

    best = optimize.minimize(minus, prior.mean, method="BFGS")
    spread = _curvature(log_posterior, best.x, prior.covariance)
    proposal = stats.multivariate_t(loc=best.x, shape=1.2 * spread, df=DEGREES)  # type: ignore[call-overload]
    points = np.asarray(proposal.rvs(size=PROPOSALS, random_state=rng))
    log_weights = log_posterior(points) - proposal.logpdf(points)
    return points, np.asarray(log_weights), float(logsumexp(log_weights) - np.log(PROPOSALS))


def _curvature(log_posterior: Callable[[Floats], Floats], mode: Floats, prior: Floats) -> Floats:
    """Covariance from second differences at the mode; the prior's where they do not make one."""
    step = 0.05 * np.sqrt(np.diag(prior))
    corner = [(i, j) for i in range(3) for j in range(3)]

    def value(shift: Floats) -> float:
        return float(np.squeeze(log_posterior((mode + shift)[None, :])))

    hessian = np.zeros((3, 3))
    for i, j in corner:
        one, two = np.eye(3)[i] * step, np.eye(3)[j] * step
        hessian[i, j] = (value(one + two) - value(one - two) - value(two - one) + value(-one - two)) / (
            4 * step[i] * step[j])
    try:
        covariance = np.linalg.inv(-hessian)
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return prior
    return np.asarray(covariance)


def with_floor(points: Floats, family: NDArray[np.int64], families: Sequence[str], times: Floats, age: float) -> Floats:
    """Cumulative hazards that grow in each step by the family's growth or by other-cause mortality, whichever is larger.

    Parameters
    ----------
    points : array, shape (draws, 3)
    family : int array, shape (draws)
    families : sequence of str
    times : array, shape (n_times)
    age : float
        Mean age at the metastatic diagnosis.

    Returns
    -------
    array, shape (draws, 2, n_times)
        Recurrent, de novo.
    """
    log_time = np.log(np.maximum(times, 1e-9))
    k = np.exp(points[:, 1])[:, None]
    is_weibull = np.array([name == "weibull" for name in families])[family]
    made = np.empty((len(points), 2, times.size))
    floor = _other_causes(age + times[:-1]) * np.diff(times)
    for de_novo in (0, 1):
        eta = points[:, [0]] + (1 - de_novo) * points[:, [2]] + k * log_time
        grown = np.where(is_weibull[:, None], np.exp(np.minimum(eta, 50.0)), np.logaddexp(0.0, eta))
        steps = np.maximum(np.diff(grown, axis=1), floor)
        made[:, de_novo] = np.concatenate([np.zeros((len(points), 1)), np.cumsum(steps, axis=1)], axis=1)
    return made


def _other_causes(ages: Floats) -> Floats:
    """Yearly hazard of death from other causes at some ages: Scottish women, as carried."""
    hazard = _carried_mortality()
    return np.asarray(hazard[np.clip(ages.astype(int), 0, hazard.size - 1)])


@cache
def _carried_mortality() -> Floats:
    table = load_carried(MORTALITY).copy()
    one = table[table["year"] == str(MORTALITY_YEAR)]
    order = one["age"].astype(int).to_numpy().argsort()
    return np.asarray(one["hazard"].astype(float).to_numpy()[order])
