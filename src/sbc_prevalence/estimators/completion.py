"""Complete prevalence from a register that began too late: who was diagnosed before it and still lives."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.patient_records import DAYS_PER_YEAR
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.days import NOON, end_of_day, known_alive, lives
from sbc_prevalence.estimators.incidence_trend import IncidenceTrend, fit_trend
from sbc_prevalence.estimators.strata_survival import FAMILIES, StrataSurvival, fit_strata

Floats = NDArray[np.float64]

DRAWS = 2_000
STEPS_PER_YEAR = 12
AT_A_TIME = 250
WEIGHTINGS = ("akaike", "equal")
GROWTH_SD = 0.02


@dataclass(frozen=True, eq=False)
class CompletePrevalence:
    """Complete prevalence on an index date, in its parts, with an interval by simulation.

    Parameters
    ----------
    index_date : datetime.date
    registered_from, since : datetime.date
        First day of the register, and the first day on which anybody now living may have been diagnosed.
    known_alive, lost : int
        Registered people known to live on the index date, and those lost to follow-up before it.
    expected_of_lost, unobserved : float
        Expected living among the lost, and among those diagnosed before the register began.
    living, lower, upper : float
        Median and bounds of the realised number of people living.
    completeness_index : float
        Registered living over all living, expected.
    share_beyond_follow_up : float
        Share of the unobserved living who were diagnosed longer ago than anybody was followed: survival extrapolated.
    growth : float
        Yearly growth of the logarithm of diagnoses, the mean of strata weighted by their diagnoses.
    growth_change : float
        Change of growth within the registered years beyond chance, see `IncidenceTrend`.
    dispersion : float
        Variance over mean of yearly diagnoses about the trend.
    families : dict
        Weight of each survival family.
    refused : dict
        Families that could not be fitted, with the reason.
    draws : array, shape (n_draws,)
        Realised numbers living.
    ci_prob : float
    """

    index_date: datetime.date
    registered_from: datetime.date
    since: datetime.date
    known_alive: int
    lost: int
    expected_of_lost: float
    unobserved: float
    living: float
    lower: float
    upper: float
    completeness_index: float
    share_beyond_follow_up: float
    growth: float
    growth_change: float
    dispersion: float
    families: dict[str, float]
    refused: dict[str, str]
    draws: Floats = field(repr=False)
    ci_prob: float

    def __str__(self) -> str:
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in self.families.items())
        return (f"{self.living:,.0f} living on {self.index_date} "
                f"({self.ci_prob:.0%} {self.lower:,.0f} to {self.upper:,.0f}): "
                f"{self.known_alive:,} known, {self.expected_of_lost:,.0f} expected of {self.lost:,} lost, "
                f"{self.unobserved:,.0f} diagnosed before {self.registered_from} "
                f"({self.share_beyond_follow_up:.0%} of them beyond follow-up; {weights})")


def complete_prevalence(
    people: pd.DataFrame, index_date: datetime.date, *, registered_from: datetime.date, since: datetime.date,
    strata: Sequence[str] = (), families: Sequence[str] | None = None,
    weighting: str = "akaike", trend: str = "common", dispersion: str = "estimated", growth_sd: float = GROWTH_SD,
    least_hazard: Floats | float | None = None, draws: int = DRAWS, seed: int = 0, ci_prob: float = 0.95,
) -> CompletePrevalence:
    """Living on an index date whenever diagnosed, from a register that began on a known day.

    Registered people known to be alive are counted. Each lost one lives with probability S(t - d) / S(l - d). Diagnoses
    of the years before the register are those of its trend, stratum by stratum: covariates stay together, because a
    stratum is a cell of all of them. Each draw takes one set of parameters for incidence, one for survival (used for the
    lost and for the unobserved alike), then counts: a Bernoulli for each lost person; for the unobserved a gamma factor
    for each year (dispersion) and a Poisson number. Standard errors are nowhere added.

    Parameters
    ----------
    people : DataFrame
        See `days.lives`, and the columns of `strata`. People diagnosed before `registered_from` inform survival if they
        have a late entry, and are not counted; later diagnoses than the index date are left out, and follow-up after
        it too: the answer is that of somebody who looks on the index date.
    index_date, registered_from, since : datetime.date
        `since` has no default: how far back anybody now living may have been diagnosed is knowledge, not a setting.
    strata : sequence of str
        Columns whose combinations are the strata: age band, sex, area.
    families : sequence of str
        See `strata_survival.FAMILIES`; each draw takes one of them by its weight. By default all, the mixture cure only
        with `least_hazard`.
    weighting : {"akaike", "equal"}
        Weights exp(-AIC / 2), or the same for each: follow-up hardly tells one tail from another.
    trend, dispersion : str
        See `incidence_trend.fit_trend`.
    growth_sd : float
        How far the mean growth of the unobserved years may lie from that of the registered ones (standard deviation, per
        year): a judgement that the register cannot inform. A change of growth within the registered years, beyond what
        chance makes, is added by squares (`IncidenceTrend.change`).
    least_hazard : array or float, optional
        Mortality from other causes [per year], by stratum in sorted order, below which no hazard falls.
    draws, seed : int
    ci_prob : float

    Raises
    ------
    EvidenceError
        If the people cannot be read, the days are not in order, no family can be fitted, or the trend has too few years.

    References
    ----------
    Crouch S, Smith A, Painter D, Li J, Roman E (2014), Cancer Epidemiology 38, 193-199, for completion by simulation;
    the trend, joint strata, loss to follow-up and joint draws differ from it.
    """
    if not since <= registered_from <= index_date:
        raise _refused("since, registered_from and index_date must be in this order", "Correct the days.")
    if weighting not in WEIGHTINGS:
        raise _refused(f"weighting is one of {', '.join(WEIGHTINGS)}", "Choose one of them.")
    seen = _seen(people, index_date, registered_from, strata)
    fits, weights, refused = _families(seen, families, weighting, least_hazard)
    incidence = _trend(seen, trend, dispersion)
    span = (seen.moment - (end_of_day(since) - 1.0)) / DAYS_PER_YEAR
    known = (seen.moment - seen.begins) / DAYS_PER_YEAR
    rng = np.random.default_rng(seed)
    realised, of_lost, unseen, beyond = (np.zeros(draws) for _ in range(4))
    chosen = rng.choice(len(fits), size=draws, p=weights)
    for k, fit in enumerate(fits):
        mine = np.flatnonzero(chosen == k)
        for start in range(0, mine.size, AT_A_TIME):
            block = mine[start : start + AT_A_TIME]
            realised[block], of_lost[block], unseen[block], beyond[block] = _draw(
                seen, fit, incidence, known, span, growth_sd, block.size, rng)
    lower, living, upper = np.quantile(realised, [0.5 - ci_prob / 2, 0.5, 0.5 + ci_prob / 2])
    seen_living = seen.known_alive + of_lost.mean()
    total = seen_living + unseen.mean()
    share = beyond.sum() / unseen.sum() if unseen.sum() > 0 else 0.0
    per_stratum = np.bincount(seen.stratum[seen.counted], minlength=len(seen.names)).astype(float)
    growth = float(np.average(np.broadcast_to(incidence.growth, per_stratum.shape), weights=per_stratum))
    return CompletePrevalence(
        index_date, registered_from, since, seen.known_alive, int(seen.lost.sum()), float(of_lost.mean()),
        float(unseen.mean()), float(living), float(lower), float(upper),
        float(seen_living / total) if total > 0 else 1.0, float(share), growth,
        incidence.change, incidence.dispersion,
        {f.family: float(w) for f, w in zip(fits, weights, strict=True)}, refused, realised, ci_prob)


@dataclass(frozen=True)
class _Seen:
    """What is known on the index date."""

    moment: float
    begins: float
    names: tuple[str, ...]
    stratum: NDArray[np.int64]
    diagnosis: Floats
    entry_years: Floats
    exit_years: Floats
    died: Floats
    counted: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    known_alive: int


def _seen(
    people: pd.DataFrame, index_date: datetime.date, registered_from: datetime.date, strata: Sequence[str]
) -> _Seen:
    moment, begins = end_of_day(index_date), end_of_day(registered_from) - 1.0
    lacking = [c for c in strata if c not in people.columns or people[c].isna().any()]
    if lacking:
        raise _refused("everybody needs the columns of the strata", "Give them for every person.", ", ".join(lacking))
    days = lives(people)
    kept = (days["diagnosis"] <= moment).to_numpy()
    days, rows = days[kept], people[kept]
    names: tuple[str, ...] = ("all",)
    stratum = np.zeros(len(days), dtype=np.int64)
    if strata:
        labels = rows[list(strata)].astype(str).agg(" ".join, axis=1)
        codes, found = pd.factorize(labels, sort=True)
        stratum, names = codes.astype(np.int64), tuple(found)
    diagnosis, entry, end, died = (days[c].to_numpy(float) for c in ("diagnosis", "entry", "exit", "died"))
    later = end > moment
    counted = diagnosis >= begins
    alive = counted & known_alive(days, moment)
    lost = counted & ~alive & (died == 0)
    end, died = np.where(later, moment, end), np.where(later, 0.0, died)
    exit_years = np.maximum((end - diagnosis) / DAYS_PER_YEAR, NOON / DAYS_PER_YEAR)
    return _Seen(moment, begins, names, stratum, diagnosis, (entry - diagnosis) / DAYS_PER_YEAR, exit_years, died,
                 counted, lost, int(alive.sum()))


def _families(
    seen: _Seen, families: Sequence[str] | None, weighting: str, least_hazard: Floats | float | None
) -> tuple[list[StrataSurvival], Floats, dict[str, str]]:
    watched = (seen.entry_years < seen.exit_years) & (seen.counted | (seen.entry_years > 0))
    if families is None:
        families = [f for f in FAMILIES if f != "mixture_cure" or least_hazard is not None]
    fits: list[StrataSurvival] = []
    refused: dict[str, str] = {}
    for family in families:
        try:
            fits.append(fit_strata(
                seen.entry_years[watched], seen.exit_years[watched], seen.died[watched], seen.stratum[watched],
                seen.names, family, least_hazard=least_hazard))
        except EvidenceError as error:
            refused[family] = error.problems[0].requirement if error.problems else str(error)
    if not fits:
        raise _refused("no survival family could be fitted", "See why.", "; ".join(
            f"{family}: {why}" for family, why in refused.items()))
    aic = np.array([f.aic for f in fits])
    weights = np.exp(-0.5 * (aic - aic.min())) if weighting == "akaike" else np.ones(len(fits))
    return fits, weights / weights.sum(), refused


def _trend(seen: _Seen, trend: str, dispersion: str) -> IncidenceTrend:
    """Diagnoses by year before the index date; time 0 is the first day of the register."""
    length = (seen.moment - seen.begins) / DAYS_PER_YEAR
    edges = length - np.arange(int(np.ceil(length - 1e-9)), -1, -1, dtype=float)
    edges[0] = 0.0
    if edges.size > 2 and edges[1] < 0.5:
        edges = np.delete(edges, 1)
    at = (seen.diagnosis[seen.counted] - seen.begins) / DAYS_PER_YEAR
    year = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, edges.size - 2)
    counts = np.zeros((edges.size - 1, len(seen.names)))
    np.add.at(counts, (year, seen.stratum[seen.counted]), 1.0)
    return fit_trend(counts, 0.5 * (edges[1:] + edges[:-1]), np.diff(edges), trend=trend, dispersion=dispersion)


def _draw(
    seen: _Seen, fit: StrataSurvival, incidence: IncidenceTrend, known: float, span: float, growth_sd: float, n: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Realised living, expected of the lost, expected of the unobserved, and of them beyond follow-up; shape (n,)."""
    longest = max(span, float(seen.exit_years.max()), known) + 1.0
    grid = np.arange(int(np.ceil(longest * STEPS_PER_YEAR)) + 1) / STEPS_PER_YEAR
    log_s = fit.log_survival(fit.draws(n, rng), grid)
    chance = _chances(seen, log_s)
    survivors = (rng.random(chance.shape) < chance).sum(1)
    ago, step = _middles(known, span)
    if ago.size == 0:
        none = np.zeros(n)
        return (seen.known_alive + survivors).astype(float), chance.sum(1), none, none
    coefficients, wide = incidence.draws(n, rng)
    wander = np.hypot(growth_sd, incidence.change)
    drift = np.exp(np.minimum(-wander * rng.standard_normal(n)[:, None] * (ago - known), 20.0))
    each = incidence.yearly(coefficients, known - ago) * drift[:, None, :] * step
    living = (each * np.exp(_at(log_s, ago))).sum(1)
    factor = _yearly_factors(each.sum(1), np.floor(ago - known).astype(np.int64), wide, rng)
    unseen = living.sum(1)
    realised = rng.poisson(np.minimum((living * factor).sum(1), 1e15))
    return ((seen.known_alive + survivors + realised).astype(float), chance.sum(1), unseen,
            living[:, ago > fit.last_follow_up].sum(1))


def _chances(seen: _Seen, log_s: Floats) -> Floats:
    """Probability that each lost person lives on the index date; shape (n_draws, n_lost)."""
    rows = np.flatnonzero(seen.lost)
    until = (seen.moment - seen.diagnosis[rows]) / DAYS_PER_YEAR
    pairs = [_at_people(log_s, seen.stratum[rows], u) for u in (until, seen.exit_years[rows])]
    return np.exp(np.minimum(pairs[0] - pairs[1], 0.0))


def _at_people(log_s: Floats, stratum: NDArray[np.int64], u: Floats) -> Floats:
    place = u * STEPS_PER_YEAR
    low = np.minimum(np.floor(place).astype(np.int64), log_s.shape[-1] - 2)
    return log_s[:, stratum, low] + (place - low) * (log_s[:, stratum, low + 1] - log_s[:, stratum, low])


def _at(log_s: Floats, u: Floats) -> Floats:
    place = u * STEPS_PER_YEAR
    low = np.minimum(np.floor(place).astype(np.int64), log_s.shape[-1] - 2)
    return log_s[..., low] + (place - low) * (log_s[..., low + 1] - log_s[..., low])


def _middles(known: float, span: float) -> tuple[Floats, float]:
    """Middles of short intervals of the unobserved time [years before the index date], and their length."""
    if span <= known:
        return np.zeros(0), 0.0
    n = max(int(np.ceil((span - known) * STEPS_PER_YEAR)), 1)
    step = (span - known) / n
    return np.asarray(known + (np.arange(n) + 0.5) * step, dtype=float), step


def _yearly_factors(total: Floats, year: NDArray[np.int64], wide: Floats, rng: np.random.Generator) -> Floats:
    """Gamma factors of mean 1, one for each unobserved year, shared by its strata: variance (dispersion - 1) / total."""
    sums = np.stack([total[:, year == y].sum(1) for y in range(year.max() + 1)], axis=1)
    shape = np.clip(sums / np.maximum(wide - 1.0, 1e-9)[:, None], 1e-3, 1e9)
    return np.asarray((rng.gamma(shape) / shape)[:, year])


def _refused(requirement: str, remedy: str, detail: str | None = None) -> EvidenceError:
    return EvidenceError(Problem("E-COMPLETION", "completion", requirement, remedy, detail=detail))
