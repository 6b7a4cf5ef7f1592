"""Classical survival of patient records: Kaplan-Meier with delayed entry, parametric fits, relative survival.

The estimators are those of lifelines; what is added here is the reading of records, the handling of entry on every
path, and summaries. Relative survival needs background mortality by age, sex and calendar year.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lifelines import (
    GeneralizedGammaFitter,
    KaplanMeierFitter,
    LogLogisticFitter,
    PiecewiseExponentialFitter,
    WeibullFitter,
)
from numpy.typing import NDArray
from scipy import stats

from sbc_prevalence.data import schemas
from sbc_prevalence.data.patient_records import BY_DATE, at_risk
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.kernels.generalised_gamma import location_of_median

Floats = NDArray[np.float64]

CURVE = ("duration_years", "at_risk", "deaths", "survival", "lower", "upper", "ci_prob")
CUTS = (1.0, 3.0, 5.0)
STEP = 1e-5


def records(frame: Any, *, name: str = "records", source: str = "records", as_of: str | None = None) -> pd.DataFrame:
    """Records of patients, checked: times since metastatic diagnosis, one row for each person at risk.

    Parameters
    ----------
    frame : DataFrame-like
        Table of kind ``patient_survival``.
    name, source : str
        For messages.
    as_of : str, optional
        ISO day of extraction; by default the end of the year of the last exit.

    Returns
    -------
    DataFrame
        ``presentation``, ``diagnosis_year``, ``entry_years``, ``exit_years``, ``died``; ``diagnosed`` [calendar years:
        the date, or the middle of the year]; ``sex`` and ``age_years`` where they were given. People who were never at
        risk are left out.

    Raises
    ------
    DataError
        With every fault of the table.
    """
    table = Table.from_frame(frame, name=name, provenance=Provenance(name, source=source, as_of=as_of or "2100-12-31"))
    checked = schemas.check(table, "patient_survival")
    times, _, _ = at_risk(checked)
    kept = checked.iloc[times.index.to_numpy()]
    diagnosed = times["diagnosis_year"] + 0.5
    if BY_DATE[0] in kept:
        day = pd.to_datetime(kept[BY_DATE[0]])
        days = np.where(day.dt.is_leap_year, 366.0, 365.0)
        diagnosed = pd.Series(day.dt.year + (day.dt.dayofyear - 0.5) / days, dtype=float)
    more = {column: kept[column].to_numpy() for column in ("sex", "age_years") if column in kept}
    return times.assign(diagnosed=diagnosed.to_numpy(), **more).reset_index(drop=True)


def kaplan_meier(
    people: pd.DataFrame, *, by: Sequence[str] = (), start: float = 0.0, ci_prob: float = 0.95
) -> pd.DataFrame:
    """Survival from metastatic diagnosis by Kaplan and Meier, people at risk from entry to exit (lifelines).

    Parameters
    ----------
    people : DataFrame
        From `records`.
    by : sequence of str
        Columns by which curves are parted, e.g. ``presentation``.
    start : float
        Years since diagnosis from which survival is counted, given that one lived until then.
    ci_prob : float
        Of the pointwise interval, on the scale log(-log S).

    Returns
    -------
    DataFrame
        The columns of `by`, and ``duration_years`` (the start and every time of a death), ``at_risk``, ``deaths``,
        ``survival``, ``lower``, ``upper``, ``ci_prob``.

    Raises
    ------
    EvidenceError
        If everybody at risk at some time died although others were followed later: with late entry a curve can fall to
        0 at the start and say nothing of what follows.
    """
    people = people[people["exit_years"] > start]
    if not by:
        return _curve(people, start, ci_prob, "")
    found = []
    for key, rows in people.groupby(list(by), sort=True):
        labels = {c: str(v) for c, v in zip(by, key if isinstance(key, tuple) else (key,), strict=True)}
        curve = _curve(rows, start, ci_prob, f" of {', '.join(labels.values())}")
        found.append(curve.assign(**labels)[[*by, *CURVE]])
    return pd.concat(found, ignore_index=True)


def _curve(people: pd.DataFrame, first: float, ci_prob: float, which: str) -> pd.DataFrame:
    entry, end, died = (people[c].to_numpy(float) for c in ("entry_years", "exit_years", "died"))
    entry = np.maximum(entry, first)
    times = np.unique(end[died == 1])
    begun, gone = np.sort(entry), np.sort(end)
    there = np.searchsorted(begun, times, side="left") - np.searchsorted(gone, times, side="left")
    deaths = np.array([int(((end == t) & (died == 1)).sum()) for t in times], dtype=np.int64)
    empty = (there == deaths) & (times < end.max(initial=0.0))
    if empty.any():
        raise EvidenceError(Problem(
            "E-NOBODY-AT-RISK", f"Kaplan-Meier{which}",
            f"the curve would be 0 from {times[empty][0]:.3g} years on, although people are followed later: all the few "
            "who were at risk then died", "Give 'start' (survival from a later time), or fit a family."))
    fitter = KaplanMeierFitter(alpha=1.0 - ci_prob)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=Warning, module="lifelines")
        fitter.fit(end, died, entry=entry)
    survival = fitter.survival_function_at_times(times).to_numpy(float)
    bounds = fitter.confidence_interval_survival_function_.reindex(times, method="ffill").to_numpy(float)
    curve = pd.DataFrame({
        "duration_years": times, "at_risk": there, "deaths": deaths, "survival": survival, "lower": bounds[:, 0],
        "upper": bounds[:, 1]})
    begin = pd.DataFrame({"duration_years": [first], "at_risk": [int((entry <= first).sum())], "deaths": [0],
                          "survival": [1.0], "lower": [1.0], "upper": [1.0]})
    return pd.concat([begin, curve], ignore_index=True).assign(ci_prob=ci_prob)[list(CURVE)]


def survival_at(curve: pd.DataFrame, durations: Sequence[float]) -> pd.DataFrame:
    """Rows of one Kaplan-Meier curve in force at given times since diagnosis.

    Parameters
    ----------
    curve : DataFrame
        From `kaplan_meier`, without `by`.
    durations : sequence of float
    """
    at = np.searchsorted(curve["duration_years"].to_numpy(float), np.asarray(durations, dtype=float), side="right") - 1
    return curve.iloc[at].assign(duration_years=list(durations)).reset_index(drop=True)


@dataclass(frozen=True)
class FittedFamily:
    """A survival family fitted by maximum likelihood, in the parameters of the model.

    Parameters
    ----------
    family : str
    parameters : DataFrame
        ``parameter``, ``estimate``, ``se``, ``lower``, ``upper``, ``ci_prob``.
    log_likelihood : float
        Of left-truncated, right-censored records.
    n, deaths : int
    survival : callable
        S(u) of an array of years since diagnosis.
    """

    family: str
    parameters: pd.DataFrame
    log_likelihood: float
    n: int
    deaths: int
    survival: Callable[[Floats], Floats]


def fit_family(people: pd.DataFrame, family: str, *, ci_prob: float = 0.95) -> FittedFamily:
    """Fit a survival family to records by maximum likelihood, entry honoured (lifelines).

    Parameters
    ----------
    people : DataFrame
        From `records`.
    family : {"weibull", "log_logistic", "piecewise_exponential", "generalised_gamma"}
    ci_prob : float
        Of Wald intervals, by the delta method.

    Raises
    ------
    EvidenceError
        If the family is not one of these: a mixture cure says nothing of the tail without other-cause mortality, and is
        fitted by the model only.
    """
    if family not in _FITTERS:
        raise EvidenceError(Problem(
            "E-FAMILY", "estimators.fit_family", f"family is one of {', '.join(_FITTERS)}",
            "A mixture cure needs mortality from other causes: choose it in the model.", key="family"))
    make, natural, names = _FITTERS[family]
    fitter = make()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=Warning, module="lifelines")
        fitter.fit(people["exit_years"], people["died"], entry=people["entry_years"])
    raw = np.array([fitter.summary.loc[name, "coef"] for name in fitter.summary.index], dtype=float)
    estimate = natural(raw)
    slopes = np.stack([(natural(raw + d) - natural(raw - d)) / (2 * STEP) for d in STEP * np.eye(raw.size)], axis=-1)
    se = np.sqrt(np.diag(slopes @ np.asarray(fitter.variance_matrix_, dtype=float) @ slopes.T))
    z = float(stats.norm.ppf(0.5 + ci_prob / 2))
    table = pd.DataFrame({"parameter": names, "estimate": estimate, "se": se, "lower": estimate - z * se,
                          "upper": estimate + z * se, "ci_prob": ci_prob})
    return FittedFamily(
        family, table, float(fitter.log_likelihood_), len(people), int(people["died"].sum()),
        lambda u: np.asarray(fitter.survival_function_at_times(u), dtype=float))


def _weibull(raw: Floats) -> Floats:
    scale, shape = raw
    return np.array([scale * np.log(2.0) ** (1 / shape), shape])


def _generalised_gamma(raw: Floats) -> Floats:
    location, log_scale, q = raw
    return np.array([np.exp(location + np.exp(log_scale) * location_of_median(q)), np.exp(-log_scale), q])


_FITTERS: dict[str, tuple[Callable[[], Any], Callable[[Floats], Floats], tuple[str, ...]]] = {
    "weibull": (WeibullFitter, _weibull, ("survival_median", "survival_shape")),
    "log_logistic": (LogLogisticFitter, lambda raw: raw, ("survival_median", "survival_shape")),
    "piecewise_exponential": (
        lambda: PiecewiseExponentialFitter(list(CUTS)), lambda raw: 1.0 / raw,
        tuple(f"hazard_from_{cut:g}" for cut in (0.0, *CUTS))),
    "generalised_gamma": (
        GeneralizedGammaFitter, _generalised_gamma, ("survival_median", "survival_shape", "gamma_shape")),
}
