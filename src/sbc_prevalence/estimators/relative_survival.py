"""Expected and relative survival of patient records against background mortality by age, sex and calendar year."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.life_table import other_cause_hazard
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.survival import kaplan_meier, survival_at
from sbc_prevalence.kernels.background import background_cumulative_hazard

Floats = NDArray[np.float64]

METHODS = ("ederer_1", "ederer_2")
STEPS_PER_YEAR = 52
PEOPLE_AT_A_TIME = 2_000


def expected_survival(
    people: pd.DataFrame, life_table: pd.DataFrame | None, durations: Sequence[float], *, method: str = "ederer_1"
) -> pd.DataFrame:
    """Survival that the patients would have had with the mortality of the population.

    Parameters
    ----------
    people : DataFrame
        From `estimators.survival.records`, with ``age_years``; with ``sex`` where the life table has it.
    life_table : DataFrame
        ``age``, ``year``, ``hazard`` (deaths from all causes per person-year), and ``sex`` where there are several.
    durations : sequence of float
        Years since diagnosis.
    method : {"ederer_1", "ederer_2"}
        Everybody followed for ever (Ederer, Axtell and Cutler 1961), or those at risk at each time (Ederer and Heise
        1959), who are younger the later it is.

    Returns
    -------
    DataFrame
        ``duration_years``, ``expected``, ``method``.

    Raises
    ------
    EvidenceError
        If there is no life table, or ages or sexes are missing.
    """
    if method not in METHODS:
        raise EvidenceError(Problem("E-OPTION", "relative survival", f"method is one of {', '.join(METHODS)}",
                                    "Choose one of them.", key="method"))
    groups = matched_background(people, life_table, "relative survival")
    u = np.asarray(durations, dtype=float)
    if method == "ederer_1":
        alive = sum((np.exp(-cumulative_background(rows, table, u)).sum(0) for rows, table in groups), np.zeros(u.size))
        return pd.DataFrame({"duration_years": u, "expected": alive / len(people), "method": method})
    edges = np.arange(int(np.ceil(u.max(initial=0.0) * STEPS_PER_YEAR)) + 1) / STEPS_PER_YEAR
    dying, there = np.zeros(edges.size - 1), np.zeros(edges.size - 1)
    for rows, table in groups:
        for start in range(0, len(rows), PEOPLE_AT_A_TIME):
            some = rows.iloc[start : start + PEOPLE_AT_A_TIME]
            entry, end = (some[c].to_numpy(float)[:, None] for c in ("entry_years", "exit_years"))
            share = np.clip(np.minimum(end, edges[1:]) - np.maximum(entry, edges[:-1]), 0.0, None) * STEPS_PER_YEAR
            dying += (share * np.diff(cumulative_background(some, table, edges), axis=1)).sum(0)
            there += share.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(there > 0, dying / there, np.nan)
    total = np.concatenate([[0.0], np.cumsum(growth)])
    return pd.DataFrame({"duration_years": u, "expected": np.exp(-np.interp(u, edges, total)), "method": method})


def relative_survival(
    people: pd.DataFrame, life_table: pd.DataFrame | None, durations: Sequence[float], *, method: str = "ederer_2",
    ci_prob: float = 0.95,
) -> pd.DataFrame:
    """Observed survival (Kaplan-Meier) over expected survival. Prevalence does not need it, but observed survival.

    Returns
    -------
    DataFrame
        ``duration_years``, ``observed``, ``expected``, ``relative``, ``lower``, ``upper`` (those of the observed curve
        over the expected, which is taken as known), ``ci_prob``, ``method``.

    Raises
    ------
    EvidenceError
        If there is no life table, or ages or sexes are missing.
    """
    expected = expected_survival(people, life_table, durations, method=method)
    observed = survival_at(kaplan_meier(people, ci_prob=ci_prob), durations)
    by = expected["expected"]
    return pd.DataFrame({
        "duration_years": expected["duration_years"], "observed": observed["survival"], "expected": by,
        "relative": observed["survival"] / by, "lower": observed["lower"] / by, "upper": observed["upper"] / by,
        "ci_prob": ci_prob, "method": method})


def matched_background(
    people: pd.DataFrame, life_table: pd.DataFrame | None, where: str
) -> list[tuple[pd.DataFrame, tuple[int, Floats]]]:
    """People by sex with the life table of it: first year, hazard by year and age.

    Raises
    ------
    EvidenceError
        If there is no life table, or ages or sexes are missing.
    """
    problems = []
    if life_table is None:
        problems.append(Problem(
            "E-LIFE-TABLE", where, "needs background mortality by age, sex and calendar year",
            "Give a life table of the population the patients come from; observed survival needs none."))
    by_sex = life_table is not None and "sex" in life_table
    for column in ("age_years", *(("sex",) if by_sex else ())):
        if column not in people or people[column].isna().any():
            problems.append(Problem("E-COLUMN-MISSING", where, "everybody's background must be known",
                                    "Give the column for every person.", column=column))
    if problems:
        raise EvidenceError(problems)
    assert life_table is not None
    if not by_sex:
        return [(people, _table(life_table))]
    lacking = sorted(set(people["sex"]) - set(life_table["sex"]))
    if lacking:
        raise EvidenceError(Problem("E-SEX-MISSING", where, "the life table lacks a sex of the patients",
                                    "Add its rows.", column="sex", detail=", ".join(lacking)))
    return [(rows, _table(life_table[life_table["sex"] == sex])) for sex, rows in people.groupby("sex")]


def _table(life_table: pd.DataFrame) -> tuple[int, Floats]:
    _, years, hazard = other_cause_hazard(life_table)
    return int(years[0]), hazard


def cumulative_background(people: pd.DataFrame, table: tuple[int, Floats], durations: Floats) -> Floats:
    """Cumulative hazard of the population for each person; shape (n, n_durations)."""
    first_year, hazard = table
    ages, dates = people["age_years"].to_numpy(float), people["diagnosed"].to_numpy(float)
    return background_cumulative_hazard(hazard, first_year, ages, dates, durations)
