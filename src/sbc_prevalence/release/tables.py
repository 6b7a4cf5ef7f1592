"""Views of the tidy tables that the report, the figures and readers of a release share."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.grid import ALL, DURATION_BANDS, GROUP_LEVEL, PRESENTATIONS
from sbc_prevalence.release.content import BOUNDS, ESTIMATES, IMPLIED, LIVING, NEWLY, RATES, SENSITIVITY

BY: Final = ("nation", "area", "group", "presentation", "duration", "year")


def select(
    estimates: pd.DataFrame, headline: Mapping[str, Any], quantity: str, *, by: str = "nation",
    basis: str | None = None, year: int | None = None, area_code: str | None = None,
) -> pd.DataFrame:
    """Rows of the table `estimates` for one quantity, split one way.

    Parameters
    ----------
    estimates : DataFrame
    headline : mapping
        Gives the whole, the year and the basis where they are not asked for.
    quantity : str
        `living`, `newly_diagnosed` or one of their rates per 100,000.
    by : {"nation", "area", "group", "presentation", "duration", "year"}
        `area` gives the modelled areas, `group` the groups of them; every other split is of the whole, or of
        `area_code`.
    basis : {"expected", "realised"}, optional
    year : int, optional
        Calendar year; default the year of the headline. Not used by `year`, which gives the living at the
        end of each year where a year has several index dates.
    area_code : str, optional

    Raises
    ------
    ReleaseError
        If `by` is unknown or no row is found.
    """
    if by not in BY:
        raise ReleaseError(f"by='{by}' is not known; use one of {', '.join(BY)}")
    whole = headline["area_code"]
    rows = estimates[
        (estimates["quantity"] == quantity) & (estimates["basis"] == (basis or headline["basis"]))]
    if by in ("area", "group"):
        is_group = rows["area_level"] == GROUP_LEVEL
        rows = rows[(rows["area_code"] != whole) & (is_group if by == "group" else ~is_group)]
    else:
        rows = rows[rows["area_code"] == (area_code or whole)]
    if by != "year":
        rows = rows[rows["year"] == (int(headline["year"]) if year is None else year)]
        if quantity in (LIVING, RATES[LIVING]) and rows["index_date"].nunique() > 1:
            rows = rows[rows["index_date"].astype(str).str[:10] == str(headline["index_date"])[:10]]
    rows = rows[(rows["presentation"] != ALL) if by == "presentation" else (rows["presentation"] == ALL)]
    rows = rows[(rows["duration_band"] != ALL) if by == "duration" else (rows["duration_band"] == ALL)]
    if not len(rows):
        raise ReleaseError(f"no estimates of '{quantity}' by {by} for this year, area and basis")
    if by == "duration":
        rows = _in_order(rows, "duration_band", DURATION_BANDS)
    elif by == "presentation":
        rows = _in_order(rows, "presentation", PRESENTATIONS)
    elif by == "year":
        year_end = rows["index_date"].astype(str).str[5:10] == "12-31"
        rows = rows[year_end | ~rows["year"].duplicated(keep=False)].sort_values("year")
    return rows.reset_index(drop=True)


def _in_order(rows: pd.DataFrame, column: str, order: Iterable[str]) -> pd.DataFrame:
    """Sort by a fixed order of words."""
    place = {word: i for i, word in enumerate(order)}
    return rows.sort_values(column, key=lambda s: s.map(lambda w: place.get(w, len(place))), kind="stable")


def maybe(
    estimates: pd.DataFrame, headline: Mapping[str, Any], quantity: str, **options: Any
) -> pd.DataFrame | None:
    """`select`, or None where the release holds no such rows."""
    try:
        return select(estimates, headline, quantity, **options)
    except ReleaseError:
        return None


def _bounds(rows: pd.DataFrame, key: str, prefix: str) -> pd.DataFrame:
    """Median and bounds indexed by a key, columns prefixed."""
    return rows.set_index(key)[list(BOUNDS)].add_prefix(prefix + "_")


def national_by_year(tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any]) -> pd.DataFrame:
    """One row per year: living, newly diagnosed and implied duration of the whole, and `projected`."""
    living = select(tables[ESTIMATES], headline, LIVING, by="year")
    newly = select(tables[ESTIMATES], headline, NEWLY, by="year")
    implied = tables[IMPLIED]
    implied = implied[implied["area_code"] == headline["area_code"]]
    if implied["denominator"].nunique() > 1:
        implied = implied[implied["denominator"] == denominator(tables, headline)]
    out = living.set_index("year")[["projected"]].astype(bool)
    for rows, prefix in ((living, LIVING), (newly, NEWLY), (implied, "implied_duration")):
        out = out.join(_bounds(rows, "year", prefix))
    return out.reset_index()


def denominator(tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any]) -> str:
    """What the implied duration of the headline divides by, in words."""
    implied = tables[IMPLIED]
    if headline.get("implied_duration_denominator"):
        return str(headline["implied_duration_denominator"])
    here = implied[
        (implied["area_code"] == headline["area_code"]) & (implied["year"] == int(headline["year"]))]
    return str((here if len(here) else implied)["denominator"].iloc[0])


def areas_at_index_date(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], *, groups: bool = False
) -> pd.DataFrame:
    """One row per area (or per group of areas) at the headline date: living, per 100,000, newly diagnosed.

    In the order of names.
    """
    estimates, by = tables[ESTIMATES], "group" if groups else "area"
    living = maybe(estimates, headline, LIVING, by=by)
    if living is None or not len(living):
        return pd.DataFrame()
    out = living.set_index("area_code")[["area_name", "rests_on", "projected"]]
    for quantity in (LIVING, RATES[LIVING], NEWLY, RATES[NEWLY]):
        rows = maybe(estimates, headline, quantity, by=by)
        if rows is not None:
            out = out.join(_bounds(rows, "area_code", quantity))
    return by_name(out.reset_index())


def by_name(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the names of their areas, letters' case aside; rows of one area keep theirs."""
    return rows.sort_values("area_name", key=lambda names: names.astype(str).str.casefold(), kind="stable",
                            ignore_index=True)


def national_sensitivity(tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any]) -> pd.DataFrame:
    """One row per group and scenario for the whole, in the order given."""
    frame = tables.get(SENSITIVITY)
    if frame is None or not len(frame):
        return pd.DataFrame()
    frame = frame[frame["area_code"] == headline["area_code"]]
    keys = ["group", "scenario"]
    living = frame[frame["quantity"] == LIVING]
    beside = [c for c in living.columns if c.startswith(("implied_duration", "beyond_follow_up_share"))]
    out = living[[*keys, "is_headline", *beside]].set_index(keys)
    out = out.join(living.set_index(keys)[list(BOUNDS)].add_prefix(f"{LIVING}_"))
    newly = frame[frame["quantity"] == NEWLY]
    out = out.join(newly.set_index(keys)[list(BOUNDS)].add_prefix(f"{NEWLY}_"))
    return out.reset_index()


def without_weights(parameters: pd.DataFrame) -> pd.DataFrame:
    """Rows of `prior_posterior` without numbered elements: weights of a basis, which mean nothing one by one."""
    return parameters[~parameters["parameter"].astype(str).str.contains(r"\[[\d, ]+\]$")]


def area_sensitivity(tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any]) -> pd.DataFrame:
    """Living by area under each scenario that was repeated for areas (columns: scenarios)."""
    frame = tables.get(SENSITIVITY)
    if frame is None or not len(frame):
        return pd.DataFrame()
    rows = frame[(frame["area_code"] != headline["area_code"]) & (frame["quantity"] == LIVING)]
    return by_name(rows[rows["group"].str.contains("spread")])


def year_spans(years: Iterable[int]) -> str:
    """`1997–2001, 2003` from a set of years."""
    ordered = sorted(set(int(y) for y in years))
    spans: list[list[int]] = []
    for year in ordered:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def coverage_summary(coverage: pd.DataFrame, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One row per group of areas that are alike: for each kind of evidence, the years it covers and how.

    Parameters
    ----------
    coverage : DataFrame
        `area_code`, `area_name`, `year` and one column per kind, in {own, through <code>, none, projected}.
    names : mapping of str to str, optional
        Names of areas by code, shown in place of codes.
    """
    kinds = [c for c in coverage.columns if c not in ("area_code", "area_name", "year")]
    groups: dict[tuple[str, ...], list[str]] = {}
    for (_, area), part in coverage.groupby(["area_code", "area_name"], sort=False):
        row = []
        for kind in kinds:
            pieces = [
                f"{how} {year_spans(cells['year'])}" for how, cells in part.groupby(kind, sort=False)
                if how != "none"]
            text = "; ".join(pieces) or "none"
            for code, name in (names or {}).items():
                text = text.replace(code, name)
            row.append(text)
        groups.setdefault(tuple(row), []).append(str(area))
    n_areas = sum(len(areas) for areas in groups.values())
    rows = [(f"All {n_areas} areas" if len(groups) == 1 < n_areas else ", ".join(areas), *cells)
            for cells, areas in groups.items()]
    return pd.DataFrame(rows, columns=["areas", *kinds])


def neutralised(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy in which text that a spreadsheet would run as a formula begins with an apostrophe.

    Numbers, and text that is a number, stay as they are.
    """
    out = frame.copy()
    for column in out.columns:
        if out[column].dtype == object or isinstance(out[column].dtype, pd.StringDtype | pd.CategoricalDtype):
            out[column] = out[column].astype(object).map(_neutral)
    return out


def _neutral(value: Any) -> Any:
    """One cell; see `neutralised`."""
    if not isinstance(value, str) or not value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    try:
        float(value)
    except ValueError:
        return "'" + value
    return value
