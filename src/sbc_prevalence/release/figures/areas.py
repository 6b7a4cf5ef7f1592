"""Areas side by side: counts and rates with their intervals."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.release.content import BOUNDS, ESTIMATES, LIVING, RATES
from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import areas_at_index_date, maybe
from sbc_prevalence.release.words import credible, date_words, heading, persons


def areas(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Living by area at the headline date, as persons and per 100,000, in order of size."""
    rows = areas_at_index_date(tables, headline)
    if not len(rows):
        return None
    rows = rows.sort_values([f"{LIVING}_median", "area_name"], ascending=[False, True])
    rate = RATES[LIVING]
    panels, unit = [(LIVING, "Persons", style.PURPLE)], ""
    if f"{rate}_median" in rows:
        unit = str(tables[ESTIMATES].loc[tables[ESTIMATES]["quantity"] == rate, "unit"].iloc[0])
        panels.append((rate, heading(unit), style.TEAL))
    figure = style.new_figure(1.5 + 0.30 * len(rows))
    axes_list = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    place = np.arange(len(rows))
    for axes, (quantity, label, colour) in zip(axes_list, panels, strict=True):
        median, low, high = (rows[f"{quantity}_{b}"].to_numpy(dtype=float) for b in BOUNDS)
        axes.barh(place[::2], [1] * len(place[::2]), height=1.0, color="#F6F4F9", zorder=0,
                  transform=axes.get_yaxis_transform())
        axes.hlines(place, low, high, color=colour, linewidth=3, alpha=0.45)
        axes.plot(median, place, "o", color=colour, markersize=6)
        axes.set_title(label)
        for y in place[np.isnan(median)]:
            axes.annotate("too few for a rate", (0.97, y), xycoords=axes.get_yaxis_transform(), va="center",
                          ha="right", fontsize=8, color=style.MUTED)
        axes.set_xlim(0, float(np.nanmax(high)) * 1.06)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        style.thousands(axes.xaxis)
    whole, whole_words, whole_said = maybe(tables[ESTIMATES], headline, rate), "", ""
    if whole is not None and len(panels) == 2 and whole["median"].notna().all():
        level, least, most = (float(whole[b].iloc[0]) for b in BOUNDS)
        axes_list[1].axvspan(least, most, color=style.INK, alpha=0.07, linewidth=0, zorder=0.5)
        axes_list[1].axvline(level, color=style.INK, linewidth=1, linestyle=(0, (4, 2)), zorder=1)
        shown = f"{headline['area_name']} {level:,.0f} ({least:,.0f} to {most:,.0f})"
        axes_list[1].set_xlabel(f"Dashed line and grey ground:\n{fill(shown, 40)}", fontsize=8, loc="left")
        whole_words = f" Dashed line and grey ground: {headline['area_name']}."
        whole_said = f" {shown} {unit}."
    axes_list[0].set_yticks(place, [n.removeprefix("NHS ") for n in rows["area_name"]])
    axes_list[0].set_ylim(len(rows) - 0.4, -0.6)
    figure.suptitle(f"Living on {date_words(headline['index_date'])}", fontsize=10.5, x=0.01, ha="left",
                    fontweight="bold")
    style.finish(figure, scope)
    said = "; ".join(
        f"{n}: {persons(m)} ({persons(lo)} to {persons(hi)})" for n, m, lo, hi in zip(
            rows["area_name"], rows[f"{LIVING}_median"], rows[f"{LIVING}_lower"], rows[f"{LIVING}_upper"],
            strict=True))
    return style.to_drawing(
        figure, "areas", "Living by area",
        f"Dot: median; bar: {credible(headline)}. In order of size, not of rate: between areas "
        "that have no deaths or metastatic registrations of their own, rates differ by the prior and by "
        "primary "
        f"registrations only.{whole_words}",
        f"Dot and interval chart of persons living by area on {date_words(headline['index_date'])}. {said}.{whole_said}")
