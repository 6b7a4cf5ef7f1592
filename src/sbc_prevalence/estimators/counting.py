"""The counting method: people known to be alive on an index date, and those lost to follow-up as far as they survive."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from sbc_prevalence.data.patient_records import DAYS_PER_YEAR
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.days import NOON, index_days, known_alive, lives, years_before
from sbc_prevalence.estimators.standardise import wilson_interval

Floats = NDArray[np.float64]
Survival = Callable[[Floats], Floats]

COUNTED = ("index_date", "window_years", "diagnosed", "known_alive", "lost", "lost_beyond_curve", "expected_of_lost",
           "living", "se_binomial", "se_curve", "se", "lower", "upper", "se_poisson", "ci_prob")
SHARE = ("population", "proportion", "proportion_lower", "proportion_upper")


@dataclass(frozen=True)
class StepCurve:
    """A Kaplan-Meier curve with what its variance needs.

    Parameters
    ----------
    times : array, shape (n,)
        Years since diagnosis of the deaths, ascending.
    log_survival : array, shape (n,)
        log S just after each; -inf once everybody at risk died.
    greenwood : array, shape (n,)
        Greenwood's terms d / (n (n - d)), each the variance of one step of log S.
    last : float
        Longest follow-up [years since diagnosis]: the curve says nothing beyond.
    """

    times: Floats
    log_survival: Floats
    greenwood: Floats
    last: float

    def steps_until(self, u: Floats) -> NDArray[np.int64]:
        """How many deaths' times lie at or before u."""
        return np.searchsorted(self.times, u, side="right")

    def log_at(self, u: Floats) -> Floats:
        """log S(u), flat beyond the last death."""
        return np.concatenate([[0.0], self.log_survival])[self.steps_until(u)]


def step_curve(entry_years: Floats, exit_years: Floats, died: Floats, weights: Floats | None = None) -> StepCurve:
    """Kaplan-Meier with delayed entry, people or weighted cells: at risk from entry (open) to exit (closed).

    Parameters
    ----------
    entry_years, exit_years, died : arrays, shape (n,)
    weights : array, shape (n,), optional
        People of each cell.
    """
    w = weights
    fell = died == 1
    times, at = np.unique(exit_years[fell], return_inverse=True)
    deaths = np.bincount(at, weights=None if w is None else w[fell], minlength=times.size).astype(float)
    risk = _weight_below(entry_years, w, times) - _weight_below(exit_years, w, times)
    with np.errstate(divide="ignore"):
        log_survival = np.cumsum(np.log1p(-np.minimum(deaths / risk, 1.0)))
        greenwood = np.where(risk > deaths, deaths / (risk * np.maximum(risk - deaths, 1e-300)), np.inf)
    return StepCurve(times, log_survival, greenwood, float(exit_years.max(initial=0.0)))


def _weight_below(at: Floats, weights: Floats | None, times: Floats) -> Floats:
    if weights is None:
        return np.searchsorted(np.sort(at), times, side="left").astype(float)
    order = np.argsort(at, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(total[np.searchsorted(at[order], times, side="left")], dtype=float)


def count_living(
    people: pd.DataFrame, index_dates: Sequence[datetime.date], *, windows: Sequence[float | None] = (None,),
    survival: Survival | None = None, survival_by: Sequence[str] = (), beyond: str = "refuse",
    population: float | None = None, ci_prob: float = 0.95,
) -> pd.DataFrame:
    """Living on index dates by the counting method: known alive, and expected survivors among the lost.

    N = #known alive + sum over the lost of p_i, p_i = S(t - d_i) / S(l_i - d_i), for index date t, diagnosis d_i and
    last day l_i on which the person was known to live. Somebody known to live on the index date, or to have died after
    it, is alive on it; somebody who died on it is not. People lost before it count with the probability that they
    still live: counting them as alive is wrong by the mortality of years.

    Parameters
    ----------
    people : DataFrame
        See `days.lives`. One row a person.
    index_dates : sequence of datetime.date
        The living are counted at the end of each day.
    windows : sequence of float or None
        Limited duration: years before the index date within which people were diagnosed, from (not including) the end
        of the same day that many years before; None counts everybody observed.
    survival : callable, optional
        S(u) of years since diagnosis, all-cause, taken as known. By default Kaplan-Meier of the same people, with
        delayed entry.
    survival_by : sequence of str
        Columns of the people by which Kaplan-Meier curves are parted: each lost person has the curve of the group.
    beyond : {"refuse", "flat"}
        What is done with lost people whose index date lies beyond the longest follow-up of their curve: the curve says
        nothing of them. ``flat`` lets nobody die there, an upper bound; ``lost_beyond_curve`` says how many it concerns.
    population : float, optional
        Persons of which the living are a part: adds `SHARE`, with Wilson's interval of the proportion.
    ci_prob : float

    Returns
    -------
    DataFrame
        A row for each index date and window, columns `COUNTED`. ``se_binomial`` is sqrt(sum p_i (1 - p_i)): whether
        the lost live. ``se_curve`` is from the curve: with Greenwood's terms g_j at the times t_j of deaths, sum_j g_j
        c_j^2, where c_j is the sum of p_i over the lost whose follow-up ended before t_j and whose index date is at or
        after it (delta method; the lost share their curve, so their errors do not average out; 0 with a curve given).
        ``se`` holds both, by squares; ``lower`` and ``upper`` are of the realised number of these people alive,
        normal, within what is possible. ``se_poisson`` is of the number as one draw of a Poisson process of
        diagnoses (for rates): sqrt(known alive + sum p_i^2 + se_curve^2).

    Raises
    ------
    EvidenceError
        If the people cannot be read, a curve ends before it is needed, or there are more living than population.

    References
    ----------
    Feldman AR, Kessler L, Myers MH, Naughton MD (1986), New England Journal of Medicine 315, 1394-1397. Gail MH,
    Kessler L, Midthune D, Scoppa S (1999), Biometrics 55, 1137-1144. Clegg LX, Gail MH, Feuer EJ (2002), Biometrics
    58, 684-688.
    """
    if beyond not in ("refuse", "flat"):
        raise _refused("E-OPTION", "beyond is 'refuse' or 'flat'", "Choose one of them.")
    days, z = lives(people), _quantile(ci_prob)
    groups = _groups(people, survival_by)
    curves = None if survival is not None else [_curve(days.iloc[rows]) for rows in groups]
    found = []
    for date, moment in zip(index_dates, index_days(index_dates), strict=True):
        state = _on(days, groups, curves, survival, float(moment))
        for window in windows:
            inside = state.diagnosis > (-np.inf if window is None else years_before(date, window))
            if beyond == "refuse" and (past := int((state.past_end & inside).sum())):
                raise _refused(
                    "E-BEYOND-CURVE", f"the survival curve ends before the index date for {past} people lost",
                    "Give 'survival' (a fitted family, say), or beyond='flat' for an upper bound.")
            found.append({"index_date": date, "window_years": np.nan if window is None else float(window),
                          **_row(state, inside, curves, z), "ci_prob": ci_prob})
    table = pd.DataFrame(found)[list(COUNTED)]
    return table if population is None else _with_share(table, float(population), ci_prob)


@dataclass(frozen=True)
class _State:
    """People diagnosed by an index date: what is known of each."""

    diagnosis: Floats
    there: NDArray[np.bool_]
    alive: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    past_end: NDArray[np.bool_]
    chance: Floats
    curve: NDArray[np.int64]
    first_step: NDArray[np.int64]
    last_step: NDArray[np.int64]


def _on(
    days: pd.DataFrame, groups: list[NDArray[np.int64]], curves: list[StepCurve] | None, survival: Survival | None,
    moment: float,
) -> _State:
    diagnosis, end, died = (days[c].to_numpy(float) for c in ("diagnosis", "exit", "died"))
    there = diagnosis <= moment
    alive = known_alive(days, moment)
    lost = there & ~alive & (died == 0)
    until, seen = (moment - diagnosis) / DAYS_PER_YEAR, (end - diagnosis) / DAYS_PER_YEAR
    n = len(days)
    chance, past_end = np.zeros(n), np.zeros(n, dtype=bool)
    curve, first, last = (np.zeros(n, dtype=np.int64) for _ in range(3))
    for k, rows in enumerate(groups):
        some = rows[lost[rows]]
        if survival is not None:
            before = np.asarray(survival(seen[some]), dtype=float)
            chance[some] = np.divide(survival(until[some]), before, out=np.zeros(some.size), where=before > 0)
        elif curves is not None:
            own = curves[k]
            curve[some], first[some], last[some] = k, own.steps_until(seen[some]), own.steps_until(until[some])
            with np.errstate(invalid="ignore"):
                chance[some] = np.nan_to_num(np.exp(own.log_at(until[some]) - own.log_at(seen[some])), nan=0.0)
            past_end[some] = (until[some] > own.last + NOON / DAYS_PER_YEAR) & (chance[some] > 0)
    return _State(diagnosis, there, alive, lost, past_end, np.clip(chance, 0.0, 1.0), curve, first, last)


def _row(state: _State, inside: NDArray[np.bool_], curves: list[StepCurve] | None, z: float) -> dict[str, float | int]:
    lost, alive = state.lost & inside, int((state.alive & inside).sum())
    p = state.chance[lost]
    expected, binomial = float(p.sum()), float((p * (1 - p)).sum())
    of_curve = 0.0
    for k, own in enumerate(curves or []):
        mine = lost & (state.curve == k)
        size = own.times.size + 1
        begins = np.bincount(state.first_step[mine], weights=state.chance[mine], minlength=size)
        ends = np.bincount(state.last_step[mine], weights=state.chance[mine], minlength=size)
        under_way = np.cumsum(begins - ends)[:-1]
        known = np.isfinite(own.greenwood)
        of_curve += float((own.greenwood[known] * under_way[known] ** 2).sum())
    se = np.sqrt(binomial + of_curve)
    return {"diagnosed": int((inside & state.there).sum()), "known_alive": alive,
            "lost": int(lost.sum()), "lost_beyond_curve": int((lost & state.past_end).sum()),
            "expected_of_lost": expected, "living": alive + expected,
            "se_binomial": float(np.sqrt(binomial)), "se_curve": float(np.sqrt(of_curve)),
            "se": float(se), "lower": max(alive + expected - z * se, float(alive)),
            "upper": min(alive + expected + z * se, float(alive + lost.sum())),
            "se_poisson": float(np.sqrt(alive + (p**2).sum() + of_curve))}


def _groups(people: pd.DataFrame, by: Sequence[str]) -> list[NDArray[np.int64]]:
    if not by:
        return [np.arange(len(people))]
    lacking = [c for c in by if c not in people.columns or people[c].isna().any()]
    if lacking:
        raise _refused("E-COLUMN-MISSING", "everybody needs the columns by which survival is parted",
                       "Give them for every person.", detail=", ".join(lacking))
    return [np.asarray(rows, dtype=np.int64) for rows in people.groupby(list(by), sort=True).indices.values()]


def _curve(days: pd.DataFrame) -> StepCurve:
    start = days["diagnosis"].to_numpy(float)
    entry, end = ((days[c].to_numpy(float) - start) / DAYS_PER_YEAR for c in ("entry", "exit"))
    end = np.where(end <= 0, NOON / DAYS_PER_YEAR, end)
    watched = entry < end
    return step_curve(entry[watched], end[watched], days["died"].to_numpy(float)[watched])


def _with_share(table: pd.DataFrame, population: float, ci_prob: float) -> pd.DataFrame:
    if not population > 0 or (table["living"] > population).any():
        raise _refused("E-POPULATION", "the population must hold all the living", "Is it in thousands?")
    lower, upper = wilson_interval(table["living"].to_numpy(float), population, ci_prob)
    return table.assign(population=population, proportion=table["living"] / population, proportion_lower=lower,
                        proportion_upper=upper)


def _refused(code: str, requirement: str, remedy: str, detail: str | None = None) -> EvidenceError:
    return EvidenceError(Problem(code, "counting method", requirement, remedy, detail=detail))


def _quantile(ci_prob: float) -> float:
    if not 0.0 < ci_prob < 1.0:
        raise EvidenceError("ci_prob must lie between 0 and 1, e.g. 0.95. Give a proportion, not percent.")
    return float(stats.norm.ppf((1 + ci_prob) / 2))
