"""What the answer depends on: repeats of the national estimate under other choices."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import pandas as pd
from matplotlib.ticker import MaxNLocator

from sbc_prevalence.release.content import LIVING
from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import national_sensitivity
from sbc_prevalence.release.words import credible, date_words, heading, persons


def scenarios(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Living at the headline date under each scenario, beside the headline's own interval."""
    rows = national_sensitivity(tables, headline)
    if not len(rows):
        return None
    place: list[float] = []
    headings: list[tuple[float, str]] = []
    y = 0.0
    for group, part in rows.groupby("group", sort=False):
        headings.append((y, str(group)))
        y += 0.9
        for _ in range(len(part)):
            place.append(y)
            y += 0.8
        y += 0.35
    rows = pd.concat([part for _, part in rows.groupby("group", sort=False)])
    figure = style.new_figure(1.1 + 0.27 * y)
    axes = figure.subplots()
    low, high = float(headline["living_lower"]), float(headline["living_upper"])
    axes.axvspan(low, high, color=style.PURPLE, alpha=0.09, linewidth=0)
    axes.axvline(float(headline["living_median"]), color=style.PURPLE, linewidth=1, linestyle=(0, (4, 2)))
    span = max(float(rows[f"{LIVING}_upper"].max()), high)
    for at, main, median, lo, hi in zip(
            place, rows["is_headline"], rows[f"{LIVING}_median"], rows[f"{LIVING}_lower"],
            rows[f"{LIVING}_upper"], strict=True):
        colour = style.PURPLE if main else style.MAGENTA
        axes.hlines(at, lo, hi, color=colour, linewidth=3, alpha=0.5)
        axes.plot(median, at, "D" if main else "o", color=colour, markersize=6)
        axes.annotate(f"{persons(median)}  ({persons(lo)} to {persons(hi)})", (1.02, at),
                      xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                      fontweight="bold" if main else "normal")
    axes.set_yticks([*place, *[h for h, _ in headings]],
                    [*[fill(str(s), 34) for s in rows["scenario"]], *[heading(h) for _, h in headings]])
    for text in axes.get_yticklabels()[len(place):]:
        text.set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(y - 0.4, -0.6)
    axes.set_xlim(0, span * 1.03)
    axes.grid(axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    style.thousands(axes.xaxis)
    axes.set_xlabel(f"Persons living on {date_words(headline['index_date'])}")
    style.finish(figure, scope)
    said = "; ".join(
        f"{g}, {s}: {persons(m)} ({persons(lo)} to {persons(hi)})" for g, s, m, lo, hi in zip(
            rows["group"], rows["scenario"], rows[f"{LIVING}_median"], rows[f"{LIVING}_lower"],
            rows[f"{LIVING}_upper"], strict=True))
    return style.to_drawing(
        figure, "scenarios", "How much the living count depends on choices",
        f"Dot: median; bar: {credible(headline)} given the choice; diamond: the choice of the headline, "
        "whose interval is the shaded ground. No interval here covers the choice between rows.",
        f"Intervals of persons living in {headline['area_name']} under each choice. {said}.")
