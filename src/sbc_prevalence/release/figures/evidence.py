"""What the data say: what would narrow the figures, how far areas were narrowed, which sources contradict the others."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.release.content import CONFLICT, IDENTIFIABILITY, INFLUENCE, LIVING, NEWLY
from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import by_name
from sbc_prevalence.release.words import credible, date_words, percent, persons

PANELS = ((LIVING, "Living", style.PURPLE), (NEWLY, "Newly diagnosed", style.MAGENTA))


def influence(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Share of the information from each source and each group of priors, for the whole."""
    rows = tables.get(INFLUENCE)
    if rows is None or not len(rows):
        return None
    rows = rows[rows["area_code"] == headline["area_code"]]
    wide = rows[rows["quantity"].isin([LIVING, NEWLY])].pivot(index="title", columns="quantity", values="relative_share")
    part = rows.drop_duplicates("title").set_index("title")["part"]
    order = wide.sum(axis=1).sort_values(ascending=False, kind="stable").index
    order = [*(t for t in order if part[t] == "evidence"), *(t for t in order if part[t] == "prior")]
    n_evidence = sum(part[t] == "evidence" for t in order)
    place = np.arange(len(order)) + 0.6 * (np.arange(len(order)) >= n_evidence)
    figure = style.new_figure(1.6 + 0.42 * len(order))
    panels = np.atleast_1d(figure.subplots(1, 2, sharey=True))
    for axes, (quantity, words, colour) in zip(panels, PANELS, strict=True):
        share = 100 * wide.loc[order, quantity].to_numpy(dtype=float)
        axes.barh(place, share, height=0.62, color=[colour if part[t] == "evidence" else style.GRAPHITE for t in order])
        for y, value in zip(place, share, strict=True):
            axes.annotate(f"{value:.0f} %" if value >= 0.5 else "about 0 %", (value, y), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=8.5)
        axes.set_title(words)
        axes.set_xlim(0, 118)
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.set_xlabel("Share of what would narrow it (%)")
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(place, [fill(str(t), 30) for t in order])
    panels[0].invert_yaxis()
    style.finish(figure, scope)
    said = "; ".join(f"{t}: living {wide.loc[t, LIVING]:.0%}, newly diagnosed {wide.loc[t, NEWLY]:.0%}" for t in order)
    return style.to_drawing(
        figure, "influence", "What would narrow the figures",
        "Coloured: sources of evidence; grey: groups of priors. A bar is the part's share of the information on the "
        "figure, told from how its interval would change if the part counted a little more. Parts that cannot be told "
        "from nothing stand at about 0 %, and so do counts that are already exact, such as deaths of a nation: they have "
        "said what they can, and what is left is doubt about something else.",
        f"Horizontal bars for {headline['area_name']}. {said}.")


def contraction(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Share of the prior variance that the data removed, for the whole and every area."""
    rows = tables.get(IDENTIFIABILITY)
    if rows is None or not len(rows):
        return None
    wide = rows[rows["quantity"].isin([LIVING, NEWLY])].pivot(
        index=["area_code", "area_name"], columns="quantity", values="contraction").reset_index()
    whole = wide["area_code"] == headline["area_code"]
    if whole.all():
        return None
    wide = pd.concat([wide[whole], by_name(wide[~whole])])
    place = np.arange(len(wide)) + 0.4 * (np.arange(len(wide)) > 0)
    figure = style.new_figure(1.5 + 0.27 * len(wide))
    axes = figure.subplots()
    for (quantity, words, colour), marker in zip(PANELS, ("o", "D"), strict=True):
        axes.plot(100 * wide[quantity].clip(lower=-0.1), place, marker, color=colour, markersize=7, markeredgewidth=1.6,
                  markerfacecolor="none" if marker == "D" else colour, label=words)
    axes.set_yticks(place, [str(n).removeprefix("NHS ") for n in wide["area_name"]])
    axes.set_ylim(place[-1] + 0.6, -0.6)
    axes.set_xlim(-12, 102)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_xlabel("Share of the prior variance that the data removed (%)")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    style.finish(figure, scope)
    said = "; ".join(f"{n}: living {percent(a)}, newly diagnosed {percent(b)}" for n, a, b in zip(
        wide["area_name"], wide[LIVING], wide[NEWLY], strict=True))
    return style.to_drawing(
        figure, "contraction", "How far the data narrowed each area",
        "0 %: as wide as the priors alone; 100 %: known exactly. An area may be narrowed by evidence on the whole alone; "
        "the table says on what it rests. Points left of 0 stand at its left.",
        f"Dots for the whole and each area. {said}.")


def conflict(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Each source beside what all others predict for it, and the living of the whole without it."""
    rows = tables.get(CONFLICT)
    if rows is None or not len(rows):
        return None
    rows = rows[rows["p_adjusted"].notna()]
    if not len(rows):
        return None
    place = np.arange(len(rows))
    figure = style.new_figure(1.9 + 0.42 * len(rows))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1])
    middle = rows["predicted_median"].to_numpy(dtype=float)
    low, high = (rows[f"predicted_{b}"].to_numpy(dtype=float) / middle for b in ("lower", "upper"))
    ratio = rows["observed"].to_numpy(dtype=float) / middle
    bad = rows["in_conflict"].to_numpy(dtype=bool)
    left.hlines(place, low, high, color=style.TEAL, linewidth=4, alpha=0.45)
    left.plot(np.ones(len(rows)), place, "|", color=style.TEAL, markersize=10, markeredgewidth=1.6)
    left.plot(ratio[~bad], place[~bad], "o", color=style.INK, markersize=6)
    left.plot(ratio[bad], place[bad], "s", markerfacecolor="white", color=style.MAGENTA, markersize=7,
              markeredgewidth=2)
    left.set_xscale("log")
    span = max(1.25, 1.08 * float(np.max([high.max(), ratio.max(), (1 / low).max(), (1 / ratio).max()])))
    ticks = [t for t in (0.1, 0.2, 0.33, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 2, 3, 5, 10) if 1 / span <= t <= span]
    ticks = [t for t in ticks if span < 1.6 or t not in (0.8, 0.9, 1.1, 1.25)]
    left.set_xlim(1 / span, span)
    left.set_xticks(ticks, [f"{t:g}" for t in ticks])
    left.set_xticks([], minor=True)
    left.set_xlabel("Observed ÷ predicted")
    left.set_title("The source")
    right.axvspan(float(headline["living_lower"]), float(headline["living_upper"]), color=style.PURPLE, alpha=0.09,
                  linewidth=0)
    right.axvline(float(headline["living_median"]), color=style.PURPLE, linewidth=1, linestyle=(0, (4, 2)))
    right.hlines(place, rows["living_lower"], rows["living_upper"], color=style.PURPLE, linewidth=3, alpha=0.5)
    right.plot(rows["living_median"], place, "o", color=style.PURPLE, markersize=6)
    right.set_xlim(left=0)
    style.thousands(right.xaxis)
    right.set_xlabel("Living (persons)")
    right.set_title(f"{headline['area_name']} without it")
    left.set_yticks(place, [fill(str(t), 30) for t in rows["title"]])
    left.set_ylim(len(rows) - 0.4, -0.6)
    for axes in (left, right):
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    style.finish(figure, scope)
    said = "; ".join(
        f"{t}: observed {r:.2f} of what the others predict{', contradicted' if b else ''}; living without it "
        f"{persons(m)} ({persons(a)} to {persons(c)})" for t, r, b, m, a, c in zip(
            rows["title"], ratio, bad, rows["living_median"], rows["living_lower"], rows["living_upper"], strict=True))
    return style.to_drawing(
        figure, "conflict", "Each source against all the others",
        f"Left: bar, {credible(headline)} of what all other evidence predicts; dot, observed; open square, contradicted "
        f"at 0.05 after adjustment. Right: the living on {date_words(headline['index_date'])} with the source left out; "
        "shaded, the headline.",
        f"Two panels, one row for each source. {said}.")
