"""Survival from weighted cells: a million people become some ten thousand rows with the same curve."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from numpy.typing import NDArray

from sbc_prevalence.data.patient_records import DAYS_PER_YEAR
from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]

CELL_YEARS = 1.0 / DAYS_PER_YEAR
CELLS = ("entry_years", "exit_years", "event", "weight")


def survival_cells(
    people: pd.DataFrame, *, by: Sequence[str] = (), event: str = "died", cell_years: float = CELL_YEARS
) -> pd.DataFrame:
    """People summed to weighted cells that have the same survival curve and the same likelihood.

    Exits go to the middle of their cell (a day) and entries to the nearest edge of theirs. A survival curve, and the
    likelihood of a family, see how many enter at each time and how many leave at each time, not who: sum of log h(exit)
    - H(exit) + H(entry). Entries and exits are therefore paired anew in order, first with first, which leaves as many
    rows as there are distinct days, not pairs of days. A row is no person.

    Parameters
    ----------
    people : DataFrame
        ``exit_years``, and ``entry_years`` where people came under observation late [years since diagnosis]; the column
        of events. A column ``weight`` is summed, if there is one: cells can be summed again.
    by : sequence of str
        Columns that are kept apart.
    event : str
        0 for censored, 1, 2, ... for kinds of event.
    cell_years : float
        Width of a cell.

    Returns
    -------
    DataFrame
        The columns of `by`, and `CELLS`; ``weight`` sums to the number of people.

    Raises
    ------
    EvidenceError
        If a column is missing, the width is not positive, or somebody leaves before entering.
    """
    lacking = [c for c in ("exit_years", event, *by) if c not in people.columns]
    if lacking or not cell_years > 0:
        raise EvidenceError(Problem("E-CELLS", "survival cells", "needs exit_years, the event, the columns of 'by' and a "
                                    "positive width", "Give them.", detail=", ".join(lacking) or None))
    end = people["exit_years"].to_numpy(float)
    begun = people["entry_years"].to_numpy(float) if "entry_years" in people.columns else np.zeros(end.size)
    wrong = np.flatnonzero(~(begun <= end) | ~np.isfinite(end))
    if wrong.size:
        raise EvidenceError(Problem("E-CELLS", "survival cells", "nobody leaves before entering, and times are numbers",
                                    "Correct the rows.", rows=tuple(int(r) + 2 for r in wrong), n_rows=end.size))
    last = np.floor(end / cell_years + 1e-9).astype(np.int64)
    edge = np.minimum(np.round(begun / cell_years).astype(np.int64), last)
    kind = people[event].to_numpy(np.int64)
    weight = people["weight"].to_numpy(float) if "weight" in people.columns else np.ones(end.size)
    groups = people.groupby(list(by), sort=True, observed=True).indices if by else {(): np.arange(end.size)}
    found = []
    for key, rows in groups.items():
        cells = _paired(edge[rows], last[rows], kind[rows], weight[rows])
        labels = dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True))
        found.append(pd.DataFrame({
            **{c: [v] * cells[0].size for c, v in labels.items()}, "entry_years": cells[0] * cell_years,
            "exit_years": (cells[1] + 0.5) * cell_years, "event": cells[2], "weight": cells[3]}))
    return pd.concat(found, ignore_index=True)[[*by, *CELLS]]


def _paired(
    entry: NDArray[np.int64], last: NDArray[np.int64], kind: NDArray[np.int64], weight: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Floats]:
    """Entries and exits in order, first with first: each entry stays at or before its exit."""
    kinds = int(kind.max(initial=0)) + 1
    of_entries, of_exits = np.bincount(entry, weights=weight), np.bincount(last * kinds + kind, weights=weight)
    entries, exits = np.flatnonzero(of_entries), np.flatnonzero(of_exits)
    begun, gone = np.cumsum(of_entries[entries]), np.cumsum(of_exits[exits])
    bounds = np.unique(np.concatenate([begun, gone]))
    middle = bounds - 0.5 * np.diff(bounds, prepend=0.0)
    of_entry = np.minimum(np.searchsorted(begun, middle), entries.size - 1)
    of_exit = np.minimum(np.searchsorted(gone, middle), exits.size - 1)
    return entries[of_entry], exits[of_exit] // kinds, exits[of_exit] % kinds, np.diff(bounds, prepend=0.0)


def kaplan_meier_of_cells(cells: pd.DataFrame, *, ci_prob: float = 0.95) -> pd.DataFrame:
    """Kaplan-Meier of weighted cells with delayed entry (lifelines); any event is a death.

    Returns
    -------
    DataFrame
        ``duration_years``, ``survival``, ``lower``, ``upper``, ``ci_prob``; from 0, at every cell with an exit.
    """
    fitter = KaplanMeierFitter(alpha=1.0 - ci_prob)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=Warning, module="lifelines")
        fitter.fit(cells["exit_years"], (cells["event"] > 0).astype(int), entry=_entry(cells), weights=cells["weight"])
    bounds = fitter.confidence_interval_survival_function_
    times = np.concatenate([[0.0], np.unique(cells["exit_years"].to_numpy(float))])
    return pd.DataFrame({
        "duration_years": times, "survival": fitter.survival_function_at_times(times).to_numpy(float),
        "lower": bounds.iloc[:, 0].reindex(times, method="ffill").to_numpy(float),
        "upper": bounds.iloc[:, 1].reindex(times, method="ffill").to_numpy(float), "ci_prob": ci_prob})


def aalen_johansen_of_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Cumulative incidence of each kind of event among all that compete, by Aalen and Johansen, with delayed entry.

    F_k(t) = sum over times up to t of S(t-) d_k / n, with S of any event. Written out because lifelines breaks ties by
    chance, and cells are nothing but ties.

    Parameters
    ----------
    cells : DataFrame
        From `survival_cells`; events 1, 2, ...

    Returns
    -------
    DataFrame
        ``duration_years``, ``event``, ``cumulative_incidence``; from 0.
    """
    times, at = np.unique(cells["exit_years"].to_numpy(float), return_inverse=True)
    w, kind = cells["weight"].to_numpy(float), cells["event"].to_numpy(np.int64)
    entry = cells["entry_years"].to_numpy(float)
    order = np.argsort(entry, kind="stable")
    entered = np.concatenate([[0.0], np.cumsum(w[order])])[np.searchsorted(entry[order], times, side="left")]
    gone = np.concatenate([[0.0], np.cumsum(np.bincount(at, weights=w))[:-1]])
    risk = np.maximum(entered - gone, 1e-300)
    fell = np.bincount(at, weights=w * (kind > 0))
    before = np.concatenate([[1.0], np.cumprod(1.0 - fell / risk)[:-1]])
    found = []
    for event in range(1, int(kind.max(initial=0)) + 1):
        rise = before * np.bincount(at, weights=w * (kind == event)) / risk
        found.append(pd.DataFrame({"duration_years": np.concatenate([[0.0], times]), "event": event,
                                   "cumulative_incidence": np.concatenate([[0.0], np.cumsum(rise)])}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(
        columns=["duration_years", "event", "cumulative_incidence"])


def in_calendar_period(people: pd.DataFrame, begin: float, end: float) -> pd.DataFrame:
    """People as they were at risk within a calendar period: what period survival is estimated from.

    Each person enters when the period begins or the diagnosis is made, and leaves when it ends. Short-term survival is
    then that of the recently diagnosed, long-term survival that of those diagnosed long ago, all within the period.

    Parameters
    ----------
    people : DataFrame
        From `estimators.survival.records`: ``diagnosed`` [decimal years], ``entry_years``, ``exit_years``, ``died``.
    begin, end : float
        Decimal years, from (included) to (not included).

    Returns
    -------
    DataFrame
        The same columns; people never at risk in the period are left out.

    Raises
    ------
    EvidenceError
        If the period is empty.

    References
    ----------
    Brenner H, Gefeller O (1996), Cancer 78, 2004-2010.
    """
    if not begin < end:
        raise EvidenceError(Problem("E-PERIOD", "period survival", "the calendar period must begin before it ends",
                                    "Give decimal years."))
    since = people["diagnosed"].to_numpy(float)
    entry = np.maximum(people["entry_years"].to_numpy(float), begin - since)
    leave = people["exit_years"].to_numpy(float)
    inside = np.minimum(leave, end - since)
    died = np.where(leave < end - since, people["died"].to_numpy(int), 0)
    return people.assign(entry_years=entry, exit_years=inside, died=died)[entry < inside].reset_index(drop=True)


def _entry(cells: pd.DataFrame) -> pd.Series | None:
    return cells["entry_years"] if (cells["entry_years"] > 0).any() else None
