"""Counts by history on several lists: margins are checked against their cells, or give the cells that are missing.

A history is a word with one sign for each list: ``1`` on it, ``0`` not on it, ``x`` whichever. ``101`` is a cell,
``1xx`` the number on the first list: a margin. Nobody can be counted on no list.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import COUNT_LOWER, COUNT_UPPER, HISTORY
from sbc_prevalence.kernels.capture_histories import histories

FEWEST_LISTS, MOST_LISTS = 2, 5
TOLERANCE = 1e-6

_WORD = re.compile(r"^[01x]+$")


def history_fault(text: str) -> str:
    """Fault code of a text that should be a history."""
    word = text.strip().lower()
    if not word:
        return "E-MISSING"
    if not _WORD.match(word):
        return "E-HISTORY"
    if not FEWEST_LISTS <= len(word) <= MOST_LISTS:
        return "E-LISTS-NUMBER"
    return "E-HISTORY-NOBODY" if set(word) == {"0"} else ""


def cell_words(n_lists: int) -> tuple[str, ...]:
    """The histories that can be counted, in the order of binary numbers: 001, 010, 011, ..."""
    return tuple("".join(map(str, row)) for row in histories(n_lists)[1:])


def covered(word: str) -> NDArray[np.bool_]:
    """The cells that a word takes together, shape (2^n_lists - 1,)."""
    cells = histories(len(word))[1:]
    asked = [(cells[:, j] == int(sign)) for j, sign in enumerate(word) if sign != "x"]
    return np.logical_and.reduce([np.ones(len(cells), dtype=bool), *asked])


@dataclass(frozen=True, eq=False)
class HistoryCells:
    """Cells of every group of rows (an area, year and presentation, say).

    Parameters
    ----------
    words : tuple of str
        The cells.
    group : array, shape (n_rows,)
        Group of each row of the table.
    keys : pandas.DataFrame
        What the groups are, one row each.
    lower, upper : arrays, shape (n_groups, n_cells)
        Bounds of the count; NaN where neither a row nor a margin tells it.
    adrift : array of bool, shape (n_groups,)
        Whether a margin is not the sum of its cells.
    """

    words: tuple[str, ...]
    group: NDArray[np.int64]
    keys: pd.DataFrame
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    adrift: NDArray[np.bool_]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether a group lacks a cell, shape (n_groups,)."""
        return np.isnan(self.lower).any(axis=1)

    def frame(self) -> pd.DataFrame:
        """One row for each group and cell: the keys, ``history``, ``count_lower``, ``count_upper``."""
        n = len(self.words)
        table = self.keys.loc[self.keys.index.repeat(n)].reset_index(drop=True)
        table[HISTORY] = np.tile(np.array(self.words, dtype=object), len(self.keys))
        table[COUNT_LOWER] = self.lower.ravel().astype(np.int64)
        table[COUNT_UPPER] = self.upper.ravel().astype(np.int64)
        return table


def history_cells(rows: pd.DataFrame, keys: list[str]) -> HistoryCells:
    """Cells of every group, those that are missing filled from exact margins where these settle them.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``history`` (all of one length), ``count_lower``, ``count_upper``, and the keys; each group has a word once.
    keys : list of str
        Columns that tell the groups apart; none makes all rows one group.
    """
    said = rows[HISTORY].astype(str).str.strip().str.lower()
    grouped = rows.groupby(keys, sort=True, dropna=False) if keys else None
    group: NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)
    if grouped is not None:
        group = np.asarray(grouped.ngroup(), dtype=np.int64)
    first = np.unique(group, return_index=True)[1]
    told = rows.iloc[first][keys].reset_index(drop=True) if keys else pd.DataFrame(index=[0])
    words = cell_words(len(said.iloc[0]))
    asked = tuple(dict.fromkeys([*words, *said]))
    bounds = np.full((2, len(told), len(asked)), np.nan)
    at = said.map({word: i for i, word in enumerate(asked)}).to_numpy(np.int64)
    bounds[0, group, at] = rows[COUNT_LOWER].to_numpy(dtype="float64", na_value=np.nan)
    bounds[1, group, at] = rows[COUNT_UPPER].to_numpy(dtype="float64", na_value=np.nan)
    cells, margins = bounds[:, :, :len(words)].copy(), bounds[:, :, len(words):]
    masks = np.array([covered(word) for word in asked[len(words):]]).reshape(-1, len(words))
    adrift = np.zeros(len(told), dtype=bool)
    form = np.where(np.isnan(bounds[0]), 0, np.where(bounds[0] == bounds[1], 1, 2))
    for pattern in np.unique(form, axis=0):
        chosen = np.flatnonzero((form == pattern).all(axis=1))
        adrift[chosen] = _fill(cells, margins, masks, pattern, chosen)
    for i, mask in enumerate(masks):
        low, high = cells[0][:, mask].sum(1), cells[1][:, mask].sum(1)
        adrift |= (low > margins[1, :, i]) | (high < margins[0, :, i])
    return HistoryCells(words, group, told, cells[0], cells[1], adrift)


def _fill(
    cells: NDArray[np.float64],
    margins: NDArray[np.float64],
    masks: NDArray[np.bool_],
    pattern: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Fill, in place, the missing cells of groups that lack the same ones; says where no cells can be these margins.

    ``pattern`` says of every word, cells first, whether it is absent (0), exact (1) or an interval (2).
    """
    of_cells, of_margins = pattern[:masks.shape[1]], pattern[masks.shape[1]:]
    lacking = of_cells == 0
    usable = (of_margins == 1) & ~masks[:, of_cells == 2].any(axis=1) & masks[:, lacking].any(axis=1)
    unknowns = masks[usable][:, lacking].astype(float)
    wrong = np.zeros(groups.size, dtype=bool)
    if not lacking.any() or not usable.any():
        return wrong
    known = masks[usable][:, ~lacking].astype(float)
    rest = margins[0][np.ix_(groups, usable)] - cells[0][np.ix_(groups, ~lacking)] @ known.T
    wrong = (rest < 0).any(axis=1)
    if np.linalg.matrix_rank(unknowns) < lacking.sum():
        return wrong
    solved = np.linalg.lstsq(unknowns, rest.T, rcond=None)[0].T
    whole = np.round(solved)
    wrong |= (whole < 0).any(axis=1) | (np.abs(whole @ unknowns.T - rest) > TOLERANCE).any(axis=1)
    for side in (0, 1):
        cells[side][np.ix_(groups, lacking)] = np.where(wrong[:, None], np.nan, whole)
    return wrong
