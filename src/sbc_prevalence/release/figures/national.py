"""The national trend, and the living by time since diagnosis."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sbc_prevalence.release.content import ESTIMATES, LIVING, NEWLY
from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import maybe, national_by_year
from sbc_prevalence.release.words import credible, date_words, persons, year_span

_SHADES = ("#3F3685", "#0078D4", "#1E7F84", "#83BB26", "#948DA3")
_HATCHES = ("", "....", "", "\\\\\\\\", "")


def trend(tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str) -> style.Drawing:
    """Living at the end of each year and newly diagnosed in it, projected years set apart."""
    rows = national_by_year(tables, headline)
    projected = [int(y) for y in rows.loc[rows["projected"], "year"]]
    figure = style.new_figure(5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    _band(upper, rows, LIVING, style.PURPLE)
    _band(lower, rows, NEWLY, style.MAGENTA)
    upper.set_title("Living with secondary breast cancer at the end of the year (persons)")
    lower.set_title("Newly diagnosed in the year (persons)")
    for axes in (upper, lower):
        axes.set_ylim(0, 1.12 * axes.get_ylim()[1])
        axes.grid(axis="y")
        style.thousands(axes.yaxis)
        style.shade_projected(axes, projected, "projected" if axes is upper else "")
    lower.set_xlim(rows["year"].min() - 0.5, rows["year"].max() + 0.5)
    style.years(lower.xaxis, rows["year"])
    lower.set_xlabel("Calendar year")
    style.finish(figure, scope)
    first, last = rows.iloc[0], rows[~rows["projected"]].iloc[-1]
    level, last_seen = credible(headline), int(last["year"])
    alt = (
        f"Two line charts for {headline['area_name']}. Living: {persons(first[LIVING + '_median'])} at the "
        f"end of {int(first['year'])}, {persons(last[LIVING + '_median'])} at the end of {int(last['year'])} "
        f"({level} "
        f"{persons(last[LIVING + '_lower'])} to {persons(last[LIVING + '_upper'])}). Newly diagnosed: "
        f"{persons(first[NEWLY + '_median'])} in {int(first['year'])}, {persons(last[NEWLY + '_median'])} in "
        f"{int(last['year'])}."
        + (f" Projected: {year_span(projected[0], projected[-1])}." if projected else ""))
    caption = (
        f"Line: median; band: {level}. Counts shown are {headline['basis']} persons."
        + (f" Hatched ground and dashed lines: projected beyond {last_seen}, the last year with data on the whole."
           if projected else ""))
    title = f"{headline['area_name']}: living and newly diagnosed by year"
    return style.to_drawing(figure, "national_trend", title, caption, alt)


def _band(axes: Axes, rows: pd.DataFrame, quantity: str, colour: str) -> None:
    """Median and interval; dashed and paler over projected years, joined to the last year with data."""
    seen = ~rows["projected"].to_numpy(dtype=bool)
    year = rows["year"].to_numpy(dtype=float)
    median, low, high = (rows[f"{quantity}_{b}"].to_numpy(dtype=float) for b in ("median", "lower", "upper"))
    style.band(axes, year[seen], median[seen], low[seen], high[seen], colour, width=2.2)
    if (~seen).any():
        later = ~seen
        if seen.sum() > 1:
            later = later | (year == year[seen].max())
        axes.fill_between(year[later], low[later], high[later], color=colour, alpha=0.10, linewidth=0)
        axes.plot(year[later], low[later], year[later], high[later], color=colour, linewidth=0.8,
                  linestyle=(0, (2, 2)))
        axes.plot(year[later], median[later], color=colour, linewidth=2.0, linestyle=(0, (4, 2)))
        style.lone_year(axes, year[later], median[later], low[later], high[later], colour, hollow=True)


def by_duration(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """The living of the headline date by years since diagnosis, and by presentation."""
    bands = maybe(tables[ESTIMATES], headline, LIVING, by="duration")
    if bands is None:
        return None
    kinds = maybe(tables[ESTIMATES], headline, LIVING, by="presentation")
    figure = style.new_figure(3.1 if kinds is None else 4.5)
    panels: list[Axes] = list(np.ravel(np.asarray(figure.subplots(
        1 if kinds is None else 2, 1, height_ratios=[1] if kinds is None else [5, 2.4], sharex=True))))
    labels = [f"{b} year{'' if b == '<1' else 's'}".replace("<1", "under 1").replace("-", "–")
              for b in bands["duration_band"]]
    _bars(panels[0], labels, bands, style.PURPLE)
    panels[0].set_title("By time since metastatic diagnosis")
    if kinds is not None:
        names = {"de_novo": "de novo", "recurrent": "recurrent"}
        _bars(panels[1], [names.get(k, k) for k in kinds["presentation"]], kinds, style.TEAL)
        panels[1].set_title("By presentation")
    panels[-1].set_xlabel(f"Persons living on {date_words(headline['index_date'])}")
    style.finish(figure, scope)
    said = "; ".join(
        f"{label}: {persons(m)} ({persons(lo)} to {persons(hi)})" for label, m, lo, hi in zip(
            labels, bands["median"], bands["lower"], bands["upper"], strict=True))
    return style.to_drawing(
        figure, "living_by_duration", "Living by time since diagnosis",
        f"Bar: median; line: {credible(headline)}. Medians of parts need not add up to the median of all.",
        f"Horizontal bars of persons living in {headline['area_name']} on "
        f"{date_words(headline['index_date'])} "
        f"by time since metastatic diagnosis. {said}.")


def _bars(axes: Axes, labels: list[str], rows: pd.DataFrame, colour: str) -> None:
    """Horizontal bars with an interval and the numbers beside them."""
    place = np.arange(len(rows))
    median, low, high = (rows[b].to_numpy(dtype=float) for b in ("median", "lower", "upper"))
    axes.barh(place, median, height=0.62, color=colour, alpha=0.80)
    axes.hlines(place, low, high, color=style.INK, linewidth=1.6)
    axes.plot(low, place, "|", high, place, "|", color=style.INK, markersize=8, markeredgewidth=1.6)
    for y, m, lo, hi in zip(place, median, low, high, strict=True):
        axes.annotate(f"{persons(m)}  ({persons(lo)} to {persons(hi)})", (hi, y), xytext=(8, 0),
                      textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(place, labels)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, max(axes.get_xlim()[1], float(high.max()) * 1.42))
    axes.grid(axis="x")
    style.thousands(axes.xaxis)
