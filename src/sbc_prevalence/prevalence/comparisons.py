"""Figures that others have published, beside ours. Nothing is tuned to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.prevalence.checks import certified_deaths
from sbc_prevalence.prevalence.intervals import median_and_interval
from sbc_prevalence.prevalence.rounding import in_persons

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

COLUMNS = ("region", "date", "what_it_counts", "published", "ours_area_code", "ours_median", "ours_lower",
           "ours_upper", "note", "source")
UNIT = 10
UNITED_KINGDOM = "united kingdom"
_ALIASES = {"uk": UNITED_KINGDOM}
_CODED = "at any time in"

Draws = NDArray[Any]


def comparison_table(
    est: "Estimates", figures: pd.DataFrame | None, ci_prob: float, units: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """One row per published figure of people living with the disease.

    Where the figure is of an area of the study, ours stands beside it for the same date, or the year's end where
    the date is vague. Where it is of another population, the living per certified death are compared in words.

    Parameters
    ----------
    est : Estimates
    figures : DataFrame or None
        Of the kind ``comparison_figures``.
    ci_prob : float
    units : mapping of area code to int
        Numbers of persons within notes are rounded to that of their area, to 10 without one.
    """
    if figures is None or not len(figures):
        return pd.DataFrame(columns=list(COLUMNS))
    table = figures.astype(object).where(figures.notna(), "")
    rows = []
    for record in table.to_dict("records"):
        row = {str(k): v for k, v in record.items()}
        if not str(row["measure"]).lower().startswith(("prevalence", "people")):
            continue
        code = _code(est, str(row["region"]))
        ours, note = _same(est, row, code, ci_prob, (units or {}).get(code, UNIT)) if code is not None \
            else ((np.nan,) * 3, _other(est, row, table, ci_prob))
        rows.append((row["region"], row["date_or_period"], row["counts"], _published(row), code or "", *ours, note,
                     row["source"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _code(est: "Estimates", region: str) -> str | None:
    """Code of a region of the study, or None."""
    name = _ALIASES.get(region.lower(), region.lower())
    areas = est.grid.areas
    return next((c for c in (areas.total_code, *areas.all_codes) if areas.name_of(c).lower() == name), None)


def _published(row: dict[str, Any]) -> str | float:
    value = float(row["value"])
    return f"around {value:,.0f}" if "around" in str(row.get("unit", "")) else value


def _dates(row: dict[str, Any]) -> tuple[str, str]:
    """First and last day of a figure, as ISO texts; empty where not known."""
    return str(row.get("date_from", ""))[:10], str(row.get("date_to", ""))[:10]


def _place(est: "Estimates", year: int) -> int | None:
    """Position of a year among the reported ones."""
    place = year - int(est.draws.years[0])
    return place if 0 <= place < est.draws.years.size else None


def _living(est: "Estimates", code: str, year: int, *, realised: bool = True) -> Draws | None:
    """Living of an area, a group or the whole at the end of a year, shape (n,)."""
    place = _place(est, year)
    if place is None:
        return None
    values = (est.draws.living_rep if realised else est.draws.living)[:, :, :, place].sum((2, 3))
    return np.asarray(values[:, est.grid.areas.membership([code])[0] > 0].sum(1))


def _new(est: "Estimates", code: str, year: int, *, realised: bool = True) -> Draws | None:
    """Newly diagnosed of an area, a group or the whole in a year, shape (n,)."""
    place = _place(est, year)
    if place is None:
        return None
    values = (est.draws.newly_diagnosed if realised else est.draws.incidence)[..., place].sum(2)
    return np.asarray(values[:, est.grid.areas.membership([code])[0] > 0].sum(1))


def _in_year(est: "Estimates", code: str, year: int, *, realised: bool = True) -> Draws | None:
    """Everyone living with the disease at any time in a year: living at its start and newly diagnosed in it."""
    start, new = _living(est, code, year - 1, realised=realised), _new(est, code, year, realised=realised)
    return None if start is None or new is None else start + new


def _same(
    est: "Estimates", row: dict[str, Any], code: str, ci_prob: float, unit: int
) -> tuple[tuple[float, ...], str]:
    """Ours for the same area and date: median, lower, upper, and a note."""
    first, last = _dates(row)
    coded = _CODED in str(row["counts"])
    known = first if coded else last
    year = int(known[:4]) if known else None
    ours = None if year is None else _in_year(est, code, year) if coded else _living(est, code, year)
    if ours is None or year is None:
        return (np.nan,) * 3, "Outside the years of this study, or without a date."
    median, lower, upper = (float(v) for v in median_and_interval(ours, ci_prob))
    value = float(row["value"])
    where = "inside" if lower <= value <= upper else "above" if value > upper else "below"
    what = f"living at any time in {year}" if coded else f"living on 31 December {year}"
    projected = " (projected)" if est.grid.is_projected(year) else ""
    note = f"Ours: {what}{projected}. The published figure is {where} our interval."
    vague = first != last and first[:4] == last[:4] and first[5:] == "01-01" and not coded
    earlier = _living(est, code, year - 1) if vague else None
    if earlier is not None:
        a, b, c = median_and_interval(earlier, ci_prob)
        note += (f" A figure for {year} may mean 1 January {year}; ours for that day is {in_persons(a, unit)} "
                 f"({in_persons(b, unit, 'down')} to {in_persons(c, unit, 'up')}).")
    return (median, lower, upper), note


def _other(est: "Estimates", row: dict[str, Any], table: pd.DataFrame, ci_prob: float) -> str:
    """Living per certified death of another population beside ours, in words."""
    first, last = _dates(row)
    coded = _CODED in str(row["counts"])
    whole = est.grid.areas
    known = first if coded else last
    if not known:
        return "Another population, no date: not compared."
    on_new_year = first == last and last[5:] == "12-31"
    living_year = int(known[:4])
    death_year = living_year + 1 if on_new_year else living_year
    region_deaths = _deaths_of(str(row["region"]), death_year, table)
    if region_deaths is None:
        return (f"Another population; its deaths of {death_year} are not carried, so living per death is not compared.")
    value = float(row["value"])
    note = (f"{value / region_deaths:.1f} living per certified death ({value:,.0f} / {region_deaths:,.0f} deaths of "
            f"women in {death_year}).")
    mine = certified_deaths(est).get(death_year)
    ours = _in_year(est, whole.total_code, living_year, realised=False) if coded \
        else _living(est, whole.total_code, living_year, realised=False)
    if mine and ours is not None:
        a, b, c = median_and_interval(ours / mine, ci_prob)
        what = f"living at any time in calendar year {living_year}" if coded else f"living on 31 December {living_year}"
        note += (f" Ours ({whole.total_name}), {what} per certified death of {death_year}: {a:.1f} "
                 f"({b:.1f} to {c:.1f}).")
    return note + (_de_novo(est, row, table, living_year, ci_prob) if on_new_year else "")


def _de_novo(est: "Estimates", row: dict[str, Any], table: pd.DataFrame, year: int, ci_prob: float) -> str:
    """Share of de novo among the living, theirs and ours."""
    part = table[(table["region"] == row["region"]) & (table["date_or_period"] == row["date_or_period"])
                 & table["measure"].str.contains("de novo")]
    place = _place(est, year)
    if part.empty or place is None:
        return ""
    living = est.draws.living[:, :, :, place].sum((1, 3))
    a, b, c = median_and_interval(living[:, 0] / living.sum(1), ci_prob) * 100
    theirs = 100 * float(part["value"].iloc[0]) / float(row["value"])
    return f" De novo among the living: theirs {theirs:.0f} %, ours {a:.0f} % ({b:.0f} to {c:.0f} %)."


def _deaths_of(region: str, year: int, table: pd.DataFrame) -> float | None:
    """Certified deaths of another region in a year: from the same table, else from the carried nations or their sum."""
    rows = table[(table["region"] == region) & table["measure"].str.contains("deaths")
                 & (table["date_from"].astype(str).str[:10] == f"{year}-01-01")
                 & (table["date_to"].astype(str).str[:10] == f"{year}-12-31")] if "date_from" in table else table.iloc[:0]
    if len(rows):
        return float(rows["value"].iloc[0])
    nations = load_carried("uk_nations").frame
    codes = dict(zip(nations["area_name"].str.lower(), nations["area_code"], strict=True))
    name = _ALIASES.get(region.lower(), region.lower())
    wanted = set(codes.values()) if name == UNITED_KINGDOM else {codes.get(name)}
    deaths = load_carried("uk_nations_deaths").frame
    found = deaths.loc[deaths["area_code"].isin(wanted) & (deaths["year"] == str(year))]
    return float(found["count"].astype(float).sum()) if set(found["area_code"]) == wanted else None
