"""Patient records become cells: deaths and person-years by presentation, diagnosis years and time since diagnosis.

Within a cell the hazard is taken as constant. The exact likelihood of left-truncated, right-censored records,
delta log h(t) - [H(t) - H(entry)] summed over persons, then depends on the cells alone:
deaths log(dH / width) - (dH / width) person-years, dH being the growth of the cumulative hazard over the cell.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sbc_prevalence.data.patient_records import CELL_EDGES

Floats = NDArray[np.float64]

ROWS_AT_A_TIME = 50_000
STRATA = ("presentation", "diagnosis_year_from", "diagnosis_year_to")
CELL_COLUMNS = (*STRATA, "duration_from_years", "duration_to_years", "deaths", "person_years")


def tabulated(times: pd.DataFrame, *, period_years: int = 1, edges: Floats = CELL_EDGES) -> pd.DataFrame:
    """Deaths and person-years of records by presentation, diagnosis years and time since diagnosis.

    Parameters
    ----------
    times : DataFrame
        ``presentation``, ``diagnosis_year``, ``entry_years``, ``exit_years`` (above entry), ``died``; one row a person.
    period_years : int
        Diagnosis years taken together: 1 keeps each year apart.
    edges : array
        Edges of the time since diagnosis [years], from 0.

    Returns
    -------
    DataFrame
        `CELL_COLUMNS`; cells without person-years are left out.
    """
    edges = edges[: int(np.searchsorted(edges, times["exit_years"].max())) + 1]
    first = (times["diagnosis_year"].astype(int) // period_years * period_years).rename("first")
    strata = pd.MultiIndex.from_arrays([times["presentation"].astype(str), first])
    names = strata.unique().sort_values()
    stratum, n_strata = names.get_indexer(strata), len(names)
    entry, end = times["entry_years"].to_numpy(float), times["exit_years"].to_numpy(float)
    died = times["died"].to_numpy(float)
    years, deaths = np.zeros((n_strata, edges.size - 1)), np.zeros((n_strata, edges.size - 1))
    last = np.clip(np.searchsorted(edges, end, side="left") - 1, 0, edges.size - 2)
    np.add.at(deaths, (stratum, last), died)
    for start in range(0, len(times), ROWS_AT_A_TIME):
        here = slice(start, start + ROWS_AT_A_TIME)
        exposed = np.minimum(end[here, None], edges[1:]) - np.maximum(entry[here, None], edges[:-1])
        rows = stratum[here]
        member = sparse.csr_array((np.ones(rows.size), (rows, np.arange(rows.size))), shape=(n_strata, rows.size))
        years += member @ np.maximum(exposed, 0.0)
    s, j = np.nonzero(years > 0)
    from_year = names.get_level_values(1).to_numpy(np.int64)[s]
    return pd.DataFrame({
        "presentation": names.get_level_values(0).to_numpy(object)[s],
        "diagnosis_year_from": from_year, "diagnosis_year_to": from_year + period_years - 1,
        "duration_from_years": edges[j], "duration_to_years": edges[j + 1],
        "deaths": deaths[s, j].astype(np.int64), "person_years": years[s, j]})
