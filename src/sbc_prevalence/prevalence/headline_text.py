"""The headline as it is printed: a title, headings, one line for each figure, and what interval and scope are."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.grid import ALL
from sbc_prevalence.prevalence import wording
from sbc_prevalence.prevalence.duration import duration_warnings
from sbc_prevalence.prevalence.estimate import Estimates
from sbc_prevalence.prevalence.precision import Units
from sbc_prevalence.prevalence.quantity import LIVING, NEWLY_DIAGNOSED
from sbc_prevalence.prevalence.rounding import in_persons, in_years, to_unit, years_unit

PERSONS, YEARS = "persons", "years"
Line = tuple[str, str, str, str, str]


def headline_text(
    est: Estimates, tables: Mapping[str, pd.DataFrame], head: Mapping[str, Any], *, title: str,
    units: Units, areas: bool = True,
) -> str:
    """The headline and the areas as text: medians to the unit of their area, bounds rounded outwards.

    Parameters
    ----------
    est : Estimates
    tables, head
        From `release_tables` and `headline`.
    title : str
    units : mapping of quantity to mapping of area code to int
        Persons to which each quantity of each area is rounded.
    areas : bool
        Whether the areas follow the whole, and their groups the areas.
    """
    day = f"{est.index_date.day} {est.index_date:%B %Y}"
    projected = ", projected" if est.grid.is_projected(est.index_date.year) else ""
    whole = head["area_name"]
    at_year_end = "" if (est.index_date.month, est.index_date.day) == (12, 31) else f", 31 December {head['year']}"
    step = years_unit(units[LIVING][head["area_code"]], head["living_median"], head["implied_duration_median"])
    years = {b: float(head[f"implied_duration_{b}"]) for b in ("median", "lower", "upper")}
    median, lower, upper = in_years(**years, unit=step)
    year = f"the whole of {head['year']}" if at_year_end else head["year"]
    lines: list[Line] = [
        (f"{whole}: living on {day}{projected}", PERSONS, *_persons(head, units[LIVING], "living_")),
        (f"{whole}: newly diagnosed in {year}{projected}", PERSONS,
         *_persons(head, units[NEWLY_DIAGNOSED], "newly_diagnosed_")),
        (f"{whole}: implied duration, living / deaths from any cause{at_year_end}{projected}", YEARS,
         median, lower, upper)]
    rows = _places(est.grid.areas.codes, tables["estimates"], head) if areas else []
    groups = _places(tuple(est.grid.areas.groups or ()), tables["estimates"], head) if areas else []
    lines += [(f"  {row['area_name']}: living", PERSONS, *_persons(row, units[LIVING])) for row in (*rows, *groups)]
    level = f"{100 * head['ci_prob']:g} %"
    text = [title, "", *_laid_out(lines, f"{level} interval"), "",
            f"{level} interval: credible interval, {head['ci_kind']}; bounds are rounded outwards.",
            f"Scope: {est.scope}."]
    if rows:
        text.append("Areas: by name" + (", then groups of them, each the sum of its areas." if groups else "."))
    if rows and not est.fitted.model.sees_areas(est.fitted.inputs):
        text.append("Areas rest on their primaries and on a prior; differences between them are not evidence about care.")
    elif rows and (without := wording.without_own(est)):
        text.append(f"Without deaths or registrations of metastatic disease of their own, resting on the whole, on their "
                    f"{wording.basis_of_areas(est)} and on a prior alone: {', '.join(without)}.")
    zeros = {units[LIVING][str(row["area_code"])] for row in (*rows, *groups)
             if to_unit(float(row["median"]), units[LIVING][str(row["area_code"])]) == 0}
    if zeros:
        text.append(f"A median of 0 is one below {max(zeros) / 2:g}, not nobody.")
    text += [f"To look at: {warning}" for warning in duration_warnings(tables.get("prior_predictive"))]
    return "\n".join(text)


def _persons(row: Mapping[str, Any], units: Mapping[str, int], prefix: str = "") -> tuple[str, str, str]:
    """Median, lower and upper of a row, rounded to the unit of its area."""
    unit = units[str(row["area_code"])]
    return (in_persons(row[f"{prefix}median"], unit), in_persons(row[f"{prefix}lower"], unit, "down"),
            in_persons(row[f"{prefix}upper"], unit, "up"))


def _places(codes: Sequence[str], rows: pd.DataFrame, head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Living of some areas or groups on the index date, in the order of the table."""
    chosen = rows[(rows["quantity"] == LIVING) & (rows["basis"] == head["basis"]) & (rows["presentation"] == ALL)
                  & (rows["duration_band"] == ALL) & (rows["index_date"] == head["index_date"])
                  & rows["area_code"].isin(codes) & (rows["area_code"] != head["area_code"])]
    return [{str(k): v for k, v in row.items()} for row in chosen.to_dict("records")]


def _laid_out(lines: list[Line], interval: str) -> list[str]:
    """Columns under their headings; numbers end, and intervals meet at 'to', one under the other."""
    width = max(len(line[0]) for line in lines)
    middle = max(len("median"), *(len(line[2]) for line in lines))
    low = max(len(line[3]) for line in lines)
    found = [f"{'figure':<{width}}  {'unit':<{len(PERSONS)}}  {'median':>{middle}}   {interval}"]
    found += [f"{name:<{width}}  {unit:<{len(PERSONS)}}  {median:>{middle}}   {lower:>{low}} to {upper}"
              for name, unit, median, lower, upper in lines]
    return found
