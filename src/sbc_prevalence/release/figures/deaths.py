"""Certified deaths against deaths replicated from the fit, a panel for each place that has deaths."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sbc_prevalence.release.content import ESTIMATES
from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import by_name
from sbc_prevalence.release.words import credible, persons, year_span

MOST_PANELS = 24
"""Panels of one figure; where more places have deaths, those with most deaths are drawn."""


def deaths_fit(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Certified deaths beside deaths replicated from the fit, for the whole and for every area with deaths of its own."""
    rows = tables.get("deaths_fit")
    if rows is None or not len(rows):
        return None
    rows = rows[rows.groupby("area_code")["observed"].transform("count") > 0]
    if not len(rows):
        return None
    inside = (rows["observed"] >= rows["lower"]) & (rows["observed"] <= rows["upper"])
    rows = rows.assign(inside=inside, outside=rows["observed"].notna() & ~inside)
    known = tables[ESTIMATES].drop_duplicates("area_code")
    names = dict(zip(known["area_code"], known["area_name"], strict=True))
    rows = by_name(rows.assign(area_name=[str(names.get(code, code)) for code in rows["area_code"]]))
    codes = _shown(rows, str(headline["area_code"]))
    parts = [rows[rows["area_code"] == code].sort_values("year") for code in codes]
    places = [(str(part["area_name"].iloc[0]), part) for part in parts]
    columns = 1 if len(places) == 1 else 2 if len(places) <= 4 else 3
    lines = -(-len(places) // columns)
    figure = style.new_figure(3.4 if len(places) == 1 else 1.2 + 1.9 * lines)
    panels = np.ravel(figure.subplots(lines, columns, sharex=True, squeeze=False))
    for axes, (name, part) in zip(panels, places, strict=False):
        _panel(axes, part, name if len(places) > 1 else f"{name}: certified breast cancer deaths in the year (persons)")
    for axes in panels[len(places):]:
        axes.set_visible(False)
    for axes in panels[:len(places):columns] if len(places) > 1 else ():
        axes.set_ylabel("Deaths (persons)")
    drawn = pd.concat([part for _, part in places])
    for axes in panels[max(len(places) - columns, 0):len(places)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("Calendar year of death")
    style.years(panels[0].xaxis, drawn["year"], most=9 if columns == 1 else 4)
    panels[0].set_xlim(drawn["year"].min() - 0.5, drawn["year"].max() + 0.5)
    figure.legend(*_legend(panels[:len(places)]), loc="outside upper left", ncols=4)
    style.finish(figure, scope)
    return _described(figure, places, rows["area_code"].nunique(), headline)


def _shown(rows: pd.DataFrame, whole: str) -> list[str]:
    """Codes with a panel: the whole first, then the areas by name."""
    codes = sorted(dict.fromkeys(rows["area_code"]), key=lambda code: code != whole)
    if len(codes) <= MOST_PANELS:
        return codes
    most = rows.groupby("area_code")["observed"].mean().sort_values(ascending=False, kind="stable").index[:MOST_PANELS]
    return [code for code in codes if code in set(most)]


def _panel(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    style.band(axes, rows["year"], rows["median"], rows["lower"], rows["upper"], style.TEAL,
               labels=("replicated: interval", "replicated: median"))
    within, outside = rows[rows["inside"]], rows[rows["outside"]]
    axes.plot(within["year"], within["observed"], "o", color=style.INK, markersize=4, label="certified")
    if len(outside):
        axes.plot(outside["year"], outside["observed"], "s", markerfacecolor="white", color=style.MAGENTA,
                  markersize=6, markeredgewidth=1.8, label="certified, outside the interval")
    axes.set_ylim(0, max(float(np.nanmax(rows[["upper", "observed"]].to_numpy(dtype=float))), 1.0) * 1.10)
    axes.set_title(title)
    axes.grid(axis="y")
    style.thousands(axes.yaxis)


def _legend(panels: Any) -> tuple[list[Any], list[str]]:
    """Every mark once, in the order of drawing, whichever panels hold it."""
    found: dict[str, Any] = {}
    for axes in panels:
        for mark, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, mark)
    return list(found.values()), list(found)


def _described(
    figure: Any, places: list[tuple[str, pd.DataFrame]], n_places: int, headline: Mapping[str, Any]
) -> style.Drawing:
    inside = sum(int(part["inside"].sum()) for _, part in places)
    points = sum(int(part["observed"].count()) for _, part in places)
    hidden = sum(int(part["observed"].isna().sum()) for _, part in places)
    what = "years" if len(places) == 1 else "years of areas"
    left_out = (f" The {len(places)} places with most deaths are drawn, of {n_places}; all are in deaths_fit.csv."
                if n_places > len(places) else "")
    scales = " Each panel has its own scale of persons." if len(places) > 1 else ""
    left_out += " Years whose count is hidden have no dot." if hidden else ""
    said = "; ".join(_said(name, part[part["observed"].notna()]) for name, part in places)
    return style.to_drawing(
        figure, "deaths_fit", "Certified and replicated deaths",
        f"Band: {credible(headline)} of deaths replicated from the fit; dots: certified. {inside} of {points} {what} lie "
        f"inside. These deaths were used in the fit: a check, not a validation.{scales}{left_out}",
        f"Certified breast cancer deaths by year over the band of replicated deaths. {said}.")


def _said(name: str, part: pd.DataFrame) -> str:
    """One place in words."""
    first, last = (persons(part["observed"].iloc[i]) for i in (0, -1))
    counted = f"{first} certified" if len(part) == 1 else f"from {first} to {last} certified"
    return (f"{name}, {year_span(part['year'].min(), part['year'].max())}: {counted}, "
            f"{int(part['inside'].sum())} of {len(part)} inside the band")
