"""Pictures of one quantity, with its interval."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from sbc_prevalence.grid import AGE_AT_DIAGNOSIS, AGE_BAND, ALL, DURATION, PRESENTATION, YEAR
from sbc_prevalence.prevalence.intervals import CI_KIND

LIVING = "living"
AGES = (AGE_BAND, AGE_AT_DIAGNOSIS)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sbc_prevalence.prevalence.quantity import Quantity

_COLOURS = ("#3F3685", "#9B4393", "#0078D4", "#1E7F84", "#83BB26", "#948DA3")
_STYLES = ("-", "--", ":", "-.")


def plot_quantity(quantity: "Quantity", ci_prob: float) -> Figure:
    """A line with a band over years, or one interval for each row.

    Parameters
    ----------
    quantity : Quantity
    ci_prob : float
        Level of the equal-tailed interval.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not registered with pyplot.
    """
    table = quantity.table(ci_prob)
    table["row"] = _row_names(table, quantity)
    by_year = YEAR in quantity.by
    n_rows = table["row"].nunique()
    height = 4.2 if by_year else 1.6 + 0.3 * n_rows
    figure = Figure(figsize=(8.0, height), layout="constrained")
    axes = figure.subplots()
    (_over_years if by_year else _as_rows)(axes, table)
    day = str(table["index_date"].iloc[0])
    when = "" if by_year else f", {day if quantity.name == LIVING else day[:4]}"
    axes.set_title(f"{quantity.name.replace('_', ' ').capitalize()} ({quantity.basis}){when}", loc="left")
    figure.supxlabel(f"{quantity.estimates.scope}. Median and {100 * ci_prob:g} % credible interval, {CI_KIND}",
                     fontsize=8)
    (axes.set_ylabel if by_year else axes.set_xlabel)(quantity.unit)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _row_names(table: "pd.DataFrame", quantity: "Quantity") -> "pd.Series":
    """What a row is called."""
    names = table["area_name"].astype(str)
    parts = [names] if names.nunique() > 1 or not set(quantity.by) & {PRESENTATION, DURATION, *AGES} else []
    ages = tuple((axis, axis, "{} years") for axis in AGES)
    shown = (*ages, (PRESENTATION, "presentation", "{}"), (DURATION, "duration_band", "{} years"))
    for axis, column, words in shown:
        if axis in quantity.by:
            parts.append(table[column].where(table[column] == ALL, table[column].map(words.format)).str.replace("_", " "))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + ", " + part
    return joined


def _over_years(axes: "Axes", table: "pd.DataFrame") -> None:
    """Lines over years; the band is drawn for up to four rows, projected years dashed."""
    rows = list(table.groupby("row", sort=False))
    for i, (name, part) in enumerate(rows):
        colour = _COLOURS[i % len(_COLOURS)]
        if len(rows) <= len(_STYLES):
            axes.fill_between(part["year"], part["lower"], part["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(part["year"], part["median"], _STYLES[i // len(_COLOURS) % len(_STYLES)], color=colour, linewidth=1.8,
                  label=name)
    projected = table.loc[table["projected"], "year"]
    if len(projected):
        axes.axvspan(projected.min() - 0.5, projected.max() + 0.5, color="#948DA3", alpha=0.15, linewidth=0,
                     label="projected", zorder=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Year")
    axes.legend(fontsize=8, ncols=2 if len(rows) > 6 else 1)


def _as_rows(axes: "Axes", table: "pd.DataFrame") -> None:
    """One interval for each row, first on top."""
    place = list(range(len(table)))
    axes.hlines(place, table["lower"], table["upper"], color=_COLOURS[0], linewidth=3, alpha=0.5)
    axes.plot(table["median"], place, "o", color=_COLOURS[0], markersize=6)
    axes.set_yticks(place, table["row"])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
