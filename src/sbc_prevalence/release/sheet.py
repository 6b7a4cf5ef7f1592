"""A table of the report as words: caption, headings, cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sbc_prevalence.release.words import decimal, heading, persons


@dataclass(frozen=True)
class Sheet:
    """One table of the report.

    Parameters
    ----------
    caption : str
        What is shown, in which unit, with which interval.
    columns : sequence of str
    rows : sequence of sequence of str
        The first cell of a row is its heading.
    text_columns : frozenset of int
        Columns set as running text; all others hold numbers.
    flags : sequence of str
        Class of each row: "", "projected", "headline" or "group".
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    text_columns: frozenset[int] = frozenset()
    flags: Sequence[str] = field(default=())

    def flag(self, row: int) -> str:
        """Class of a row."""
        return self.flags[row] if self.flags else ""


def interval(row: Mapping[Any, Any], prefix: str, places: int | None = None) -> str:
    """`3,890 (3,240 to 4,660)` from the columns of a quantity; empty where missing."""
    show = persons if places is None else lambda v: decimal(v, places)
    start = f"{prefix}_" if prefix else ""
    values = [row.get(start + b, float("nan")) for b in ("median", "lower", "upper")]
    if any(pd.isna(v) for v in values):
        return ""
    return f"{show(values[0])} ({show(values[1])} to {show(values[2])})"


def words_on_zeros(shown: Iterable[tuple[Any, float]]) -> str:
    """A sentence on medians that are printed as 0; empty where there are none.

    Parameters
    ----------
    shown : iterable of (median, unit)
        Rounded medians, and the persons to which each is rounded.
    """
    units = [unit for median, unit in shown if median == 0]
    return f" A median of 0 is one below {max(units) / 2:g}, not nobody." if units else ""


def generic(frame: pd.DataFrame | None, caption: str) -> Sheet | None:
    """A table of words as it stands."""
    if frame is None or not len(frame):
        return None
    cells = [[text(v) for v in row] for row in frame.itertuples(index=False)]
    return Sheet(caption, [heading(c) for c in frame.columns], cells, frozenset(range(len(frame.columns))))


def key_values(values: Mapping[str, Any], caption: str, columns: tuple[str, str]) -> Sheet | None:
    """A mapping as a two-column table; names stay as they are."""
    if not values:
        return None
    return Sheet(caption, columns, [[k, _value(v)] for k, v in values.items()], frozenset({1}))


def _value(value: Any) -> str:
    """A value of a mapping in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_value(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value) or "none"
    return str(value)


def text(value: Any) -> str:
    """Text of a cell; empty where missing."""
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def number(value: Any) -> str:
    """A published figure: with thousands separators if it is a number, else as quoted."""
    try:
        return f"{float(value):,.10g}"
    except (TypeError, ValueError):
        return text(value)
