"""Checks of the model: prior against posterior."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.release.figures import style
from sbc_prevalence.release.tables import without_weights
from sbc_prevalence.release.words import credible, plain, span


def prior_posterior(
    tables: Mapping[str, pd.DataFrame], headline: Mapping[str, Any], scope: str
) -> style.Drawing | None:
    """Each parameter's posterior interval on the scale of its prior interval."""
    rows = tables.get("prior_posterior")
    rows = None if rows is None else without_weights(rows)
    if rows is None or not len(rows):
        return None
    rows = pd.concat([part for _, part in rows.groupby("group", sort=False)], ignore_index=True)
    centre, low, high = (rows[f"prior_{b}"].to_numpy(dtype=float) for b in ("median", "lower", "upper"))
    width = np.where(high > low, high - low, 1.0)

    def scaled(values: pd.Series) -> np.ndarray:
        return (values.to_numpy(dtype=float) - low) / width

    names = [fill(f"{label}{'†' if judged else ''}", 48) for label, judged in zip(
        rows["label"], rows["is_judgement"].astype(bool), strict=True)]
    lines = max(name.count("\n") + 1 for name in names)
    figure = style.new_figure(1.3 + max(0.34, 0.16 * lines) * len(rows))
    axes = figure.subplots()
    place = np.arange(len(rows), dtype=float)
    axes.hlines(place - 0.14, 0.0, 1.0, color=style.GRAPHITE, linewidth=4, alpha=0.75, label="prior")
    axes.plot((centre - low) / width, place - 0.14, "|", color=style.INK, markersize=8, markeredgewidth=1.5)
    axes.hlines(place + 0.16, scaled(rows["posterior_lower"]), scaled(rows["posterior_upper"]),
                color=style.PURPLE, linewidth=4, label="posterior")
    axes.plot(scaled(rows["posterior_median"]), place + 0.16, "|", color="white", markersize=8,
              markeredgewidth=1.5)
    for y, (_, row) in zip(place, rows.iterrows(), strict=True):
        text = span(row["posterior_median"], row["posterior_lower"], row["posterior_upper"])
        axes.annotate(text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.set_yticks(place, names, fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.9)
    axes.set_xticks([0, 1], ["lower", "upper"])
    axes.set_xlabel("Bounds of the prior interval (each row on its own scale)")
    axes.axvline(0, color=style.RULE, linewidth=0.8, zorder=0)
    axes.axvline(1, color=style.RULE, linewidth=0.8, zorder=0)
    axes.tick_params(axis="y", length=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    style.finish(figure, scope)
    said = "; ".join(
        f"{label}: prior {plain(a)} to {plain(b)}, posterior {plain(c)} to {plain(d)}"
        for label, a, b, c, d in zip(
            rows["label"], rows["prior_lower"], rows["prior_upper"], rows["posterior_lower"],
            rows["posterior_upper"], strict=True))
    return style.to_drawing(
        figure, "prior_posterior", "Prior against posterior",
        f"Bars: {credible(headline)}; tick: median; numbers: posterior. Where both bars are alike, the data "
        "said nothing about the parameter. † judgement: a prior without a published source. Weights of smooth curves are "
        "left out.",
        f"Prior and posterior intervals of the parameters. {said}.")


