"""People by the sources that have them: capture histories."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.data.histories import cell_words
from sbc_prevalence.grid import ALL, AREA_CODE, HISTORY, PRESENTATION, YEAR
from sbc_prevalence.records.link import LinkedCases
from sbc_prevalence.records.tabulate import common


def overlapping_lists(
    linked: LinkedCases,
    *,
    years: common.Years,
    by: Sequence[str] = (PRESENTATION,),
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """People by area, year, presentation and capture history: evidence ``OverlappingLists``.

    Parameters
    ----------
    linked : LinkedCases
        From :func:`sbc_prevalence.records.link.link_sources`; ``lists=linked.sources`` is the order of the signs.
    years : (int, int)
    by : sequence of {"presentation"}
    areas : sequence of str, optional

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``presentation``, ``history`` (``10``: on the first list only), ``count``, ``source``,
        ``as_of``; every history is there, also with 0.
    """
    import ibis

    one = common.of_source(linked, None)
    common.require_known(one, by)
    table = one.table
    signs = [ibis.ifelse(table[f"on_{i}"], "1", "0") for i in range(len(linked.sources))]
    word = signs[0]
    for sign in signs[1:]:
        word = word + sign
    keyed = table.mutate(year=table.metastatic_date.year().cast("int64"), history=word)
    if PRESENTATION not in by:
        keyed = keyed.mutate(presentation=ibis.literal(ALL))
    keyed = keyed.filter(keyed.year.between(*years))
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(one, areas),
        YEAR: common.year_range(years, one.where),
        PRESENTATION: common.PRESENTATIONS if PRESENTATION in by else (ALL,),
        HISTORY: cell_words(len(linked.sources)),
    }
    counts = keyed.group_by(list(levels)).aggregate(count=keyed.count()).execute()
    table_of_cells = one.signed(common.full_grid(counts, levels))
    return table_of_cells.assign(source=" + ".join(linked.sources))
