"""Pictures of one quantity, with its interval."""

from collections.abc import Collection
from textwrap import fill
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sbc_prevalence.grid import AGE_AT_DIAGNOSIS, AGE_BAND, ALL, DURATION, PRESENTATION, YEAR

LIVING = "living"
AGES = (AGE_BAND, AGE_AT_DIAGNOSIS)
FOOTNOTE_WIDTH = 122
"""Signs of a line of the footnote, so that it stays inside the figure however it is saved."""

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sbc_prevalence.prevalence.quantity import Quantity

_COLOURS = ("#3F3685", "#9B4393", "#0078D4", "#1E7F84", "#83BB26", "#948DA3")
NAMES = {"living_per_100k": "living", "new_per_100k": "newly diagnosed"}
MOST_BANDS = 4
_STYLES = ("-", "--", ":", "-.")


def plot_quantity(quantity: "Quantity", ci_prob: float) -> Figure:
    """Picture of a quantity of estimates; see `plot_table`."""
    return plot_table(quantity.table(ci_prob), by=quantity.by, scope=quantity.estimates.scope)


def plot_table(table: "pd.DataFrame", *, by: Collection[str], scope: str) -> Figure:
    """A line with a band over years, or one interval for each row.

    Parameters
    ----------
    table : DataFrame
        Rows of one quantity as `Quantity.table` and the table `estimates` of a release have them. Rows without a median
        (rates of too few people) are left out.
    by : collection of str
        The axes of the split.
    scope : str
        Who is counted; written below, with the level of the interval.

    Returns
    -------
    matplotlib.figure.Figure
        Not shown and not registered with pyplot. Everything lies inside it, so that `savefig` needs no arguments.
    """
    table = table[table["median"].notna()].reset_index(drop=True)
    table["row"] = _row_names(table, by)
    first = table.iloc[0]
    by_year = YEAR in by
    n_rows = table["row"].nunique()
    height = 4.2 if by_year else 1.6 + 0.3 * n_rows
    figure = Figure(figsize=(8.0, height), layout="constrained")
    axes = figure.subplots()
    (_over_years if by_year else _as_rows)(axes, table)
    name, day = str(first["quantity"]), str(first["index_date"])
    when = "" if by_year else f", {day if name.startswith(LIVING) else day[:4]}"
    words = NAMES.get(name, name.replace("_", " "))
    axes.set_title(f"{words.capitalize()} ({first['basis']}){when}", loc="left")
    level = f"{100 * float(first['ci_prob']):g} % credible interval, {first['ci_kind']}"
    note = f"{scope}. Median and {level}." if not by_year or n_rows <= MOST_BANDS else \
        f"{scope}. Medians; intervals of so many rows would hide each other and are in the table ({level})."
    figure.supxlabel(fill(note, FOOTNOTE_WIDTH), fontsize=8, x=0.01, ha="left")
    (axes.set_ylabel if by_year else axes.set_xlabel)(str(first["unit"]))
    (axes.yaxis if by_year else axes.xaxis).set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _row_names(table: "pd.DataFrame", by: Collection[str]) -> "pd.Series":
    """What a row is called."""
    names = table["area_name"].astype(str)
    parts = [names] if names.nunique() > 1 or not set(by) & {PRESENTATION, DURATION, *AGES} else []
    ages = tuple((axis, axis, "{} years") for axis in AGES)
    shown = (*ages, (PRESENTATION, "presentation", "{}"), (DURATION, "duration_band", "{} years"))
    for axis, column, words in shown:
        if axis in by:
            parts.append(table[column].where(table[column] == ALL, table[column].map(words.format)).str.replace("_", " "))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + ", " + part
    return joined


def _over_years(axes: "Axes", table: "pd.DataFrame") -> None:
    """Lines over years with a band for up to `MOST_BANDS` rows; projected years lie on shaded ground."""
    rows = list(table.groupby("row", sort=False))
    for i, (name, part) in enumerate(rows):
        colour = _COLOURS[i % len(_COLOURS)]
        if len(rows) <= MOST_BANDS:
            axes.fill_between(part["year"], part["lower"], part["upper"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(part["year"], part["median"], _STYLES[i // len(_COLOURS) % len(_STYLES)], color=colour, linewidth=1.8,
                  label=name)
    projected = table.loc[table["projected"], "year"]
    if len(projected):
        axes.axvspan(projected.min() - 0.5, projected.max() + 0.5, color="#948DA3", alpha=0.15, linewidth=0,
                     label="projected", zorder=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Year")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(rows) > len(_COLOURS):
        axes.figure.legend(*axes.get_legend_handles_labels(), fontsize=8, loc="outside right upper")
    elif len(rows) > 1 or len(projected):
        axes.legend(fontsize=8, loc="best")


def _as_rows(axes: "Axes", table: "pd.DataFrame") -> None:
    """One interval for each row, first on top."""
    place = list(range(len(table)))
    axes.hlines(place, table["lower"], table["upper"], color=_COLOURS[0], linewidth=3, alpha=0.5)
    axes.plot(table["median"], place, "o", color=_COLOURS[0], markersize=6)
    axes.set_yticks(place, table["row"])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
