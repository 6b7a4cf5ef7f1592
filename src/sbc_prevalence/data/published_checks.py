"""Checks of published survival and recurrence that need several cells or rows."""

import pandas as pd

from sbc_prevalence.data.checked import Checked
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import ALL

LONGEST_MEDIAN_YEARS = 30.0
LARGEST_HAZARD = 10.0
_NOT_OBSERVED = r"\b(?:relative|RS|net|period survival ratio)\b"
_OBSERVED = r"\b(?:OS|overall|observed|all[- ]cause)\b"


def diagnosis_years(table: Checked) -> list[Problem]:
    """First and last year of diagnosis are both given or both empty, and in order."""
    first, last = table.frame.get("diagnosis_year_from"), table.frame.get("diagnosis_year_to")
    if first is None or last is None or not table.sound("diagnosis_year_from", "diagnosis_year_to"):
        return []
    wrong = (first.notna() != last.notna()) | (first > last).fillna(False)
    return table.problem("E-ORDER", wrong, column="diagnosis_year_from")


def survival_points(table: Checked) -> list[Problem]:
    """Each measure has the durations that give it a meaning; all presentations together name the mix."""
    if not table.sound("measure", "presentation", "duration_years") or not table.has("value"):
        return []
    frame = table.frame
    end = frame["duration_years"]
    start = frame.get("duration_from_years", pd.Series(float("nan"), index=frame.index))
    measure = frame["measure"]
    wrong = (measure == "survival") & (
        end.isna() | start.fillna(0).ne(0) | ((end == 0) & frame["value"].ne(1))
    )
    wrong |= (measure == "median") & (end.notna() | start.fillna(0).ne(0))
    wrong |= (measure == "hazard") & ~(start < end)
    found = table.problem("E-POINT", wrong, column="duration_years")
    share = frame.get("de_novo_share", pd.Series(float("nan"), index=frame.index))
    if "de_novo_share" not in table.faulty:
        found += table.problem(
            "E-DE-NOVO-SHARE", (frame["presentation"] == ALL) & share.isna(), column="de_novo_share"
        )
    return found


def survival_values(table: Checked) -> list[Problem]:
    """Survival in (0, 1), medians in years, hazards per year, bounds around the value."""
    if not table.sound("measure") or not table.has("value", "duration_years"):
        return []
    frame = table.frame
    value, survival = frame["value"], frame["measure"] == "survival"
    percent = survival & (value > 1) & (value <= 100)
    start = survival & (value == 1) & (frame["duration_years"] == 0)
    found = table.problem("E-PERCENT", percent, column="value")
    found += table.problem(
        "E-RANGE",
        survival & ~percent & ~start & (value >= 1),
        column="value",
        detail="survival lies above 0 and below 1 after the diagnosis",
    )
    found += table.problem(
        "E-UNIT-MONTHS", (frame["measure"] == "median") & (value > LONGEST_MEDIAN_YEARS), column="value"
    )
    found += table.problem(
        "E-RANGE",
        (frame["measure"] == "hazard") & (value > LARGEST_HAZARD),
        column="value",
        detail=f"a hazard is per year and at most {LARGEST_HAZARD:g}",
    )
    if table.sound("lower", "upper", "value"):
        lower, upper = frame["lower"], frame["upper"]
        wrong = (lower.notna() != upper.notna()) | (lower > value) | (upper < value) | (lower == upper)
        wrong |= lower.le(0) | (survival & (upper >= 1) & ~start)
        found += table.problem("E-INTERVAL", wrong & ~percent, column="lower")
    return found


def survival_falls(table: Checked) -> list[Problem]:
    """Survival of one study, presentation, kind and period does not rise; a median is a point at 1/2."""
    group = table.strata("study", "presentation", "survival_kind", "diagnosis_year_from", "diagnosis_year_to")
    if not group or not table.sound("measure", *group) or not table.has("value", "duration_years"):
        return []
    median = table.frame["measure"] == "median"
    time = table.frame["duration_years"].where(~median, table.frame["value"])
    alive = table.frame["value"].where(~median, 0.5)
    points = table.frame[group].assign(_time=time, _alive=alive)
    points = points[table.frame["measure"].isin(["survival", "median"]) & alive.le(1) & time.notna()]
    lowest = points.sort_values("_time").groupby(group, dropna=False, sort=False)["_alive"]
    before = lowest.cummin().groupby([points[name] for name in group], dropna=False).shift()
    rises = points["_alive"] > before.reindex(points.index) + 1e-9
    return table.problem(
        "E-SURVIVAL-RISES", rises.reindex(table.frame.index, fill_value=False), column="value"
    )


def survival_kinds(table: Checked) -> list[Problem]:
    """Rows that call themselves relative or net are not given as observed."""
    if not table.sound("survival_kind"):
        return []
    text = pd.Series("", index=table.frame.index)
    for name in table.strata("study", "note", "source"):
        text = text + " " + table.frame[name].astype(str)
    other = text.str.contains(_NOT_OBSERVED, regex=True) & ~text.str.contains(_OBSERVED, regex=True)
    return table.problem(
        "E-SURVIVAL-KIND", (table.frame["survival_kind"] == "observed") & other, column="survival_kind"
    )


def recurrence_intervals(table: Checked) -> list[Problem]:
    """Ages and durations in order; intervals of one study and group do not overlap."""
    ends = ("duration_from_years", "duration_to_years")
    found: list[Problem] = []
    for first, last in (("age_from", "age_to"), ends):
        if table.sound(first, last):
            wrong = (
                table.frame[first] > table.frame[last]
                if first == "age_from"
                else table.frame[first] >= table.frame[last]
            )
            found += table.problem("E-ORDER", wrong, column=first)
    group = table.strata(
        "study", "stage", "receptor", "age_from", "age_to", "diagnosis_year_from", "diagnosis_year_to"
    )
    if found or not table.sound(*group, *ends):
        return found
    rows = table.frame.sort_values(list(ends)).drop_duplicates([*group, *ends])
    before = rows.groupby(group, dropna=False, sort=False)["duration_to_years"].shift()
    overlap = (rows["duration_from_years"] < before - 1e-9).reindex(table.frame.index, fill_value=False)
    return table.problem("E-OVERLAP", overlap, column="duration_from_years")
