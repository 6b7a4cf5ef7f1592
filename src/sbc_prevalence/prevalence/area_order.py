"""The one order of areas that people see: the whole, the areas by name, the groups of areas by name."""

import numpy as np
import pandas as pd

from sbc_prevalence.grid import AREA_CODE, AreaSet


def in_shown_order(frame: pd.DataFrame, areas: AreaSet) -> pd.DataFrame:
    """The rows of a table with its areas in the order of `AreaSet.shown`.

    Columns before ``area_code`` (a quantity, a source) keep their order, and within an area rows keep theirs.

    Parameters
    ----------
    frame : DataFrame
        With the column ``area_code``.
    areas : AreaSet
    """
    if not len(frame):
        return frame
    place = {code: i for i, code in enumerate(areas.shown)}
    before = list(frame.columns)[:list(frame.columns).index(AREA_CODE)]
    block = frame.groupby(before, sort=False, dropna=False).ngroup() if before else pd.Series(0, index=frame.index)
    order = np.lexsort((frame[AREA_CODE].map(place).to_numpy(), block.to_numpy()))
    return frame.iloc[order].reset_index(drop=True)
