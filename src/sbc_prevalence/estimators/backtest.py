"""Back-test by truncation: a register with a known past forgets it, and completion has to find it again."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.completion import complete_prevalence
from sbc_prevalence.estimators.counting import count_living
from sbc_prevalence.estimators.days import end_of_day, lives
from sbc_prevalence.estimators.standardise import wilson_interval

COLUMNS = ("group", "case", "registered_from", "index_date", "setting", "truth", "truth_se", "known_alive",
           "lost", "unobserved", "living", "lower", "upper", "inside", "width", "refused")


@dataclass(frozen=True, eq=False)
class KnownPast:
    """A register of which the past is known, and the days at which it will be cut.

    Parameters
    ----------
    group, name : str
        For tables.
    people : DataFrame
        See `days.lives`. With a column ``lives`` (bool, whether the person lives on the index date) the truth is exact;
        without it, it is what the counting method finds in the whole register, its standard error reported.
    since, index_date : datetime.date
        First day of diagnosis, and the day on which the living are counted.
    cuts : tuple of datetime.date
        Days on which the truncated register begins.
    strata : tuple of str
    """

    group: str
    name: str
    people: pd.DataFrame = field(repr=False)
    since: datetime.date
    index_date: datetime.date
    cuts: tuple[datetime.date, ...]
    strata: tuple[str, ...] = ()


def backtest(pasts: Iterable[KnownPast], settings: Mapping[str, Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Truncate each register at each of its cuts, complete it, and compare with the truth.

    Parameters
    ----------
    pasts : iterable of KnownPast
    settings : mapping, optional
        Names of settings to options of `complete_prevalence`; by default its own defaults alone.

    Returns
    -------
    DataFrame
        A row for each register, cut and setting, columns `COLUMNS`: ``inside``, whether the interval holds the truth;
        ``width``, the interval over the truth; ``refused``, why there is no estimate (then it counts as not inside).
    """
    return pd.DataFrame([
        row for past in pasts for cut in past.cuts for row in _truncated(past, cut, settings or {"default": {}})
    ])[list(COLUMNS)]


def _truncated(past: KnownPast, cut: datetime.date, settings: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    truth, truth_se = true_living(past)
    seen = past.people[(lives(past.people)["diagnosis"] >= end_of_day(cut) - 1.0).to_numpy()]
    seen = seen.drop(columns="lives", errors="ignore")
    rows = []
    for name, options in settings.items():
        row: dict[str, Any] = {
            "group": past.group, "case": past.name, "registered_from": cut, "index_date": past.index_date,
            "setting": name, "truth": truth, "truth_se": truth_se, "inside": False, "refused": ""}
        for column in ("known_alive", "lost", "unobserved", "living", "lower", "upper", "width"):
            row[column] = np.nan
        try:
            found = complete_prevalence(seen, past.index_date, registered_from=cut, since=past.since,
                                        strata=past.strata, **options)
        except EvidenceError as error:
            row["refused"] = error.problems[0].code if error.problems else "refused"
        else:
            row |= {c: getattr(found, c) for c in ("known_alive", "lost", "unobserved", "living", "lower", "upper")}
            row["inside"] = bool(found.lower <= truth <= found.upper)
            row["width"] = (found.upper - found.lower) / max(truth, 1.0)
        rows.append(row)
    return rows


def true_living(past: KnownPast) -> tuple[float, float]:
    """How many live on the index date, and the standard error with which that is known."""
    if "lives" in past.people:
        there = lives(past.people)["diagnosis"] <= end_of_day(past.index_date)
        return float((past.people["lives"] & there).sum()), 0.0
    found = count_living(past.people, [past.index_date], beyond="flat").iloc[0]
    return float(found["living"]), float(found["se"])


def summarise(results: pd.DataFrame, by: tuple[str, ...] = ("setting", "group")) -> pd.DataFrame:
    """Coverage and width of back-tests.

    Parameters
    ----------
    results : DataFrame
        From `backtest`.
    by : tuple of str

    Returns
    -------
    DataFrame
        The columns of `by`, and ``truncations``, ``inside``, ``coverage`` with Wilson's interval, ``median_width`` (of
        the interval, over the truth), ``median_error`` (estimate over truth, less 1), ``refused``.
    """
    found = []
    for key, rows in results.groupby(list(by), sort=False):
        n, k = len(rows), int(rows["inside"].sum())
        lower, upper = wilson_interval(k, n)
        found.append({**dict(zip(by, key, strict=True)), "truncations": n, "inside": k, "coverage": k / n,
                      "coverage_lower": float(lower), "coverage_upper": float(upper),
                      "median_width": float(rows["width"].median()),
                      "median_error": float((rows["living"] / rows["truth"] - 1.0).median()),
                      "refused": int((rows["refused"] != "").sum())})
    return pd.DataFrame(found)
