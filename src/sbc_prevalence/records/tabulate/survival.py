"""Life-table cells with delayed entry: deaths and person-years by presentation, diagnosis years and duration."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.patient_records import CELL_EDGES
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.records.dates import DAYS_PER_YEAR
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.tabulate import common

Floats = NDArray[np.float64]
STRATA = ["presentation", "period"]


def life_table_cells(
    cases: Cases,
    *,
    entry: common.Entry,
    source: str | None = None,
    years: common.Years | None = None,
    period_years: int = 1,
    edges: Floats = CELL_EDGES,
) -> pd.DataFrame:
    """Deaths and person-years by presentation, diagnosis years and time since diagnosis: evidence ``LifeTableCells``.

    Parameters
    ----------
    cases : Cases
    entry : {"registration", "diagnosis"}
        From when people are at risk. Whoever was registered alive must have lived until then; no default.
    source : str, optional
    years : (int, int), optional
        Years of metastatic diagnosis; all without it.
    period_years : int
        Diagnosis years taken together.
    edges : array
        Edges of the time since diagnosis [years of 365.25 days], from 0.

    Returns
    -------
    DataFrame
        ``presentation``, ``diagnosis_year_from``, ``diagnosis_year_to``, ``duration_from_years``, ``duration_to_years``,
        ``deaths``, ``person_years``, ``source``, ``as_of``; cells without person-years are left out.

    Notes
    -----
    The engine counts people by stratum and whole day of entry and of exit; cells follow exactly, as person-years up to t
    are the sum of min(exit, t) - min(entry, t).
    """
    one = common.of_source(cases, source)
    common.require_known(one, ("presentation",))
    table = common.entered(one, entry)
    year = table.metastatic_date.year().cast("int64")
    table = table.mutate(period=(year - year % period_years), year=year)
    if years is not None:
        table = table.filter(table.year.between(*years))
    ends = table.select(
        "presentation", "period", days=table.end - table.begin, died=table.died.cast("int64"), side=_one(1)
    )
    starts = table.select(
        "presentation", "period", days=table.entry - table.begin, died=_one(0), side=_one(-1)
    )
    both = ends.union(starts)
    counts = (
        both.group_by(["presentation", "period", "days", "side"])
        .aggregate(people=both.count(), deaths=both.died.sum())
        .execute()
    )
    if counts.empty:
        raise DataError(
            Problem(
                "E-EMPTY", one.where, "nobody was at risk for any time", "See the dates of entry and exit."
            )
        )
    return one.signed(_cells(counts, period_years, edges))


def _cells(counts: pd.DataFrame, period_years: int, edges: Floats) -> pd.DataFrame:
    last = int(np.searchsorted(edges, counts["days"].max() / DAYS_PER_YEAR))
    edges = edges[: last + 1]
    tables = []
    for (presentation, period), rows in counts.groupby(STRATA, sort=True):
        times, people = rows["days"].to_numpy(float) / DAYS_PER_YEAR, rows["people"].to_numpy(float)
        signed = people * rows["side"].to_numpy(float)
        grown = np.array([signed @ np.minimum(times, edge) for edge in edges])
        years = np.diff(grown)
        ended = rows["side"].to_numpy() == 1
        cell = np.clip(np.searchsorted(edges, times[ended], side="left") - 1, 0, edges.size - 2)
        deaths = np.bincount(cell, rows["deaths"].to_numpy(float)[ended], minlength=edges.size - 1)
        kept = years > 1e-9
        tables.append(
            pd.DataFrame(
                {
                    "presentation": presentation,
                    "diagnosis_year_from": int(str(period)),
                    "diagnosis_year_to": int(str(period)) + period_years - 1,
                    "duration_from_years": edges[:-1][kept],
                    "duration_to_years": edges[1:][kept],
                    "deaths": np.round(deaths[kept]).astype(np.int64),
                    "person_years": years[kept],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _one(value: int) -> Any:
    import ibis

    return ibis.literal(value, type="int64")
