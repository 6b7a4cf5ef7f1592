"""Published risks of distant recurrence turned into crude yearly probabilities on the study's years."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import StudyGrid
from sbc_prevalence.kernels.recurrence import crude_recurrence_in_parts, hazard_from_risk

STAGES = ("I", "II", "III")
RECEPTORS = ("HR+", "HR-")
TYPICAL_STAGE_WEIGHTS = {"I": 0.42, "II": 0.43, "III": 0.15}
TYPICAL_RECEPTOR_WEIGHTS = {"HR+": 0.83, "HR-": 0.17}


@dataclass(frozen=True)
class RecurrenceTable:
    """Crude probability of a first distant recurrence by category, primary year and calendar year.

    Parameters
    ----------
    stages, receptors : tuple of str
        Categories; a single ``"all"`` where the table does not divide.
    within, beyond : arrays, shape (n_stages, n_receptors, n_primary_years, n_years)
        Probability per woman with a non-metastatic primary in year s of a first recurrence in year t:
        within the published follow-up, and extrapolated beyond it at the last published hazard.
    follow_up_years : int
        Last year of published follow-up.
    age_at_recurrence : array, shape (n_ages,)
        Share of recurrences at each single year of age, in a typical year.
    middle_first, middle_last : float
        Middles of the first and the last published period of primary diagnosis.
    study_error_sd : float
        Sd of the log error that all cells share.
    """

    stages: tuple[str, ...]
    receptors: tuple[str, ...]
    within: NDArray[np.float64]
    beyond: NDArray[np.float64]
    follow_up_years: int
    age_at_recurrence: NDArray[np.float64]
    middle_first: float
    middle_last: float
    study_error_sd: float = 0.3


def _net_hazard_from_crude(risk: float, other: float, years: float) -> float:
    low, high = 0.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        total = middle + other
        crude = middle / total * -np.expm1(-total * years) if total > 0 else 0.0
        low, high = (middle, high) if crude < risk else (low, middle)
    return (low + high) / 2


def _categories(frame: pd.DataFrame, column: str, full: tuple[str, ...]) -> tuple[str, ...]:
    found = set(frame[column])
    if found == {"all"}:
        return ("all",)
    if found == set(full):
        return full
    raise EvidenceError(
        Problem(
            "E-RECURRENCE-CATEGORIES",
            "distant_recurrence",
            f"must be 'all' throughout, or all of {', '.join(full)}",
            "Give every category, or one table for all together.",
            column=column,
        )
    )


def _hazards_by_year(rows: pd.DataFrame, n_lags: int, other: float) -> NDArray[np.float64]:
    rows = rows.sort_values("duration_from_years")
    starts, ends = rows["duration_from_years"].to_numpy(float), rows["duration_to_years"].to_numpy(float)
    if starts[0] != 0 or np.any(starts[1:] != ends[:-1]) or np.any(starts % 1) or np.any(ends % 1):
        raise EvidenceError(
            Problem(
                "E-RECURRENCE-GAPS",
                "distant_recurrence",
                "intervals must be whole years, start at 0 and leave no gap",
                "Give consecutive intervals for each stage, receptor status, age group and period.",
                column="duration_from_years",
            )
        )
    values = rows["value"].to_numpy(float)
    if (rows["risk_kind"] == "crude").all():
        hazards = np.array(
            [_net_hazard_from_crude(v, other, e - s) for v, s, e in zip(values, starts, ends, strict=True)]
        )
    else:
        hazards = hazard_from_risk(values, ends - starts)
    interval = np.minimum(np.searchsorted(ends, np.arange(n_lags), side="right"), len(ends) - 1)
    return hazards[interval]


def build_recurrence_table(
    frame: pd.DataFrame,
    age_weights: NDArray[np.float64],
    other_cause: NDArray[np.float64],
    other_cause_years: NDArray[np.int64],
    grid: StudyGrid,
    study_error_sd: float = 0.3,
) -> RecurrenceTable:
    """Crude recurrence probabilities on the grid from one published table.

    Parameters
    ----------
    frame : DataFrame
        Validated table of kind ``distant_recurrence``, one study.
    age_weights : array, shape (n_ages,)
        Share of primaries at each single year of age.
    other_cause : array, shape (n_life_table_years, n_ages)
        Hazard of death from other causes [per year].
    other_cause_years : int array, shape (n_life_table_years,)
    grid : StudyGrid

    Raises
    ------
    EvidenceError
        If the table mixes studies or kinds of risk, or leaves out categories.
    """
    problems = [
        Problem(
            "E-RECURRENCE-MIXED",
            "distant_recurrence",
            f"one {word} at a time",
            "Split the table.",
            column=column,
        )
        for column, word in (("study", "study"), ("risk_kind", "kind of risk"))
        if frame[column].nunique() > 1
    ]
    if frame[["diagnosis_year_from", "diagnosis_year_to"]].isna().to_numpy().any():
        problems.append(
            Problem(
                "E-DIAGNOSIS-YEARS",
                "distant_recurrence",
                "every row needs the years of primary diagnosis it holds for",
                "Fill diagnosis_year_from and diagnosis_year_to.",
                column="diagnosis_year_from",
            )
        )
    if problems:
        raise EvidenceError(problems)
    setting = _setting(frame, age_weights, other_cause, other_cause_years, grid)
    ages, attained, weights = setting.ages, setting.attained, setting.weights
    primary_years, years, n_lags = grid.primary_years, grid.years, setting.n_lags
    shape = (len(setting.stages), len(setting.receptors), primary_years.size, n_lags)
    within, beyond = np.zeros(shape), np.zeros(shape)
    by_age = np.zeros((ages.size, n_lags))
    last_primary = int(np.clip(grid.last_data_year - primary_years[0], 0, primary_years.size - 1))
    for i, j, typical, share, inside, outside in _crude_by_age(frame, setting):
        within[i, j] += share * np.einsum("a,sam->sm", weights, inside)
        beyond[i, j] += share * np.einsum("a,sam->sm", weights, outside)
        by_age += typical * share[last_primary, 0] * (inside + outside)[last_primary]
    lag = years[None, :] - primary_years[:, None]
    index, seen = np.clip(lag, 0, n_lags - 1), lag >= 0
    rows = np.arange(primary_years.size)[:, None]
    profile = np.zeros(other_cause.shape[1])
    np.add.at(profile, attained, weights[:, None] * by_age)
    return RecurrenceTable(
        setting.stages,
        setting.receptors,
        within[:, :, rows, index] * seen,
        beyond[:, :, rows, index] * seen,
        setting.follow_up,
        profile / profile.sum(),
        float(setting.middles[0]),
        float(setting.middles[-1]),
        study_error_sd,
    )


def ages_at_recurrence(
    frame: pd.DataFrame,
    ages_at_primary: NDArray[np.float64],
    primaries: NDArray[np.float64],
    other_cause: NDArray[np.float64],
    other_cause_years: NDArray[np.int64],
    grid: StudyGrid,
) -> NDArray[np.float64]:
    """Expected recurrences by single year of age at recurrence, for a typical mix of stages and receptor status.

    Every primary is followed by single year of age through the recurrence risk of its age group and the mortality of
    its attained age: age at recurrence is age at primary plus lag.

    Parameters
    ----------
    frame : DataFrame
        As in `build_recurrence_table`.
    ages_at_primary : array, shape (n_primary_years, n_ages)
        Share of the primaries of each year at each single year of age.
    primaries : array, shape (n_primary_years,)
        Persons.
    other_cause, other_cause_years, grid
        As in `build_recurrence_table`.

    Returns
    -------
    array, shape (n_years, n_ages)
        Up to a common factor.
    """
    setting = _setting(frame, ages_at_primary.mean(0), other_cause, other_cause_years, grid)
    crude = np.zeros((grid.primary_years.size, setting.ages.size, setting.n_lags))
    for _, _, typical, share, inside, outside in _crude_by_age(frame, setting):
        crude += typical * share[..., None] * (inside + outside)
    flow = (primaries[:, None] * ages_at_primary[:, setting.ages])[..., None] * crude
    offset = grid.first_year - grid.first_primary_year
    year = np.arange(grid.primary_years.size)[:, None, None] + np.arange(setting.n_lags)[None, None, :] - offset
    year, attained = np.broadcast_arrays(year, setting.attained[None])
    on_grid = (year >= 0) & (year < grid.years.size)
    found = np.zeros((grid.years.size, other_cause.shape[1]))
    np.add.at(found, (year[on_grid], attained[on_grid]), np.broadcast_to(flow, year.shape)[on_grid])
    return found


@dataclass(frozen=True, eq=False)
class _Setting:
    """What every category of a table has in common."""

    stages: tuple[str, ...]
    receptors: tuple[str, ...]
    periods: list[tuple[int, int]]
    middles: NDArray[np.float64]
    age_groups: list[tuple[int, int]]
    ages: NDArray[np.int64]
    weights: NDArray[np.float64]
    group_of_age: NDArray[np.int64]
    attained: NDArray[np.int64]
    competing: NDArray[np.float64]
    typical_other: float
    follow_up: int
    period_weights: NDArray[np.float64]
    n_lags: int


def _setting(
    frame: pd.DataFrame,
    age_weights: NDArray[np.float64],
    other_cause: NDArray[np.float64],
    other_cause_years: NDArray[np.int64],
    grid: StudyGrid,
) -> _Setting:
    stages, receptors = _categories(frame, "stage", STAGES), _categories(frame, "receptor", RECEPTORS)
    periods = sorted(
        {
            (int(a), int(b))
            for a, b in zip(frame["diagnosis_year_from"], frame["diagnosis_year_to"], strict=True)
        }
    )
    middles = np.array([(a + b + 1) / 2 for a, b in periods])
    age_groups = sorted({(int(a), int(b)) for a, b in zip(frame["age_from"], frame["age_to"], strict=True)})

    primary_years = grid.primary_years
    n_lags = int(grid.years[-1] - primary_years[0]) + 1
    lags = np.arange(n_lags)
    ages = np.flatnonzero(age_weights > 0)
    group_of_age = np.clip(np.searchsorted([a for a, _ in age_groups], ages, side="right") - 1, 0, None)
    attained = np.minimum(ages[:, None] + lags[None, :], other_cause.shape[1] - 1)
    period_weights = np.stack(
        [np.interp(primary_years + 0.5, middles, row) for row in np.eye(len(periods))], axis=1
    )
    calendar = np.clip(primary_years[:, None] + lags[None, :], other_cause_years[0], other_cause_years[-1])
    competing = other_cause[(calendar - other_cause_years[0])[:, None, :], attained[None, :, :]]
    typical_other = float((age_weights[ages] * other_cause[:, ages].mean(0)).sum() / age_weights[ages].sum())
    return _Setting(
        stages, receptors, periods, middles, age_groups, ages, age_weights[ages] / age_weights[ages].sum(),
        group_of_age, attained, competing, typical_other, int(frame["duration_to_years"].max()), period_weights, n_lags
    )


def _crude_by_age(
    frame: pd.DataFrame, setting: _Setting
) -> Iterator[tuple[int, int, float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Crude yearly probabilities of each category and published period, by single age at primary.

    Yields position of stage and of receptor status, weight in a typical mix, weight of the period by primary year
    (n_primary_years, 1), and what lies within and beyond follow-up (n_primary_years, n_ages, n_lags).
    """
    for i, stage in enumerate(setting.stages):
        for j, receptor in enumerate(setting.receptors):
            typical = TYPICAL_STAGE_WEIGHTS.get(stage, 1.0) * TYPICAL_RECEPTOR_WEIGHTS.get(receptor, 1.0)
            for q, (first, last) in enumerate(setting.periods):
                chosen = frame[
                    (frame["stage"] == stage)
                    & (frame["receptor"] == receptor)
                    & (frame["diagnosis_year_from"] == first)
                    & (frame["diagnosis_year_to"] == last)
                ]
                by_group = np.stack(
                    [
                        _hazards_by_year(
                            chosen[(chosen["age_from"] == a) & (chosen["age_to"] == b)],
                            setting.n_lags,
                            setting.typical_other,
                        )
                        for a, b in setting.age_groups
                    ]
                )
                inside, outside = crude_recurrence_in_parts(
                    by_group[setting.group_of_age][None], setting.competing, setting.follow_up
                )
                yield i, j, typical, setting.period_weights[:, q, None], inside, outside
