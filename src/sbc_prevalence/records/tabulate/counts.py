"""Counts of newly diagnosed: registrations, spread of disease, routes to diagnosis."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.grid import ALL, AREA_CODE, COUNT, PRESENTATION, YEAR, AgeBands
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.schema import DISTANT_SITES, ROUTES, UNKNOWN
from sbc_prevalence.records.tabulate import common


def registrations(
    cases: Cases,
    *,
    years: common.Years,
    source: str | None = None,
    by: Sequence[str] = (PRESENTATION,),
    ages: AgeBands | Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """People registered, by area, year of the metastatic diagnosis and what is asked for: evidence ``Registrations``.

    Parameters
    ----------
    cases : Cases
    years : (int, int)
        First and last calendar year of diagnosis; each whole.
    source : str, optional
        Needed where there are several.
    by : sequence of {"presentation", "sex"}
        Without ``presentation`` it is ``all``.
    ages : AgeBands or labels, optional
        Bands of the age at the metastatic diagnosis.
    areas : sequence of str, optional
        Areas to show, also those without a case; else those that occur.

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``presentation``, [``sex``], [``age_band``], ``count`` [persons], ``source``, ``as_of``;
        cells of nobody are there with 0.
    """
    one = common.of_source(cases, source)
    common.require_known(one, by)
    bands = None if ages is None else common.bands_of(ages)
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(one, areas),
        YEAR: common.year_range(years, one.where),
    }
    levels |= common.levels_of(one, by, bands)
    keyed = one.table.mutate(year=one.table.metastatic_date.year().cast("int64"))
    if PRESENTATION not in by:
        keyed = keyed.mutate(presentation=_literal(ALL))
    if bands is not None:
        common.require_ages(one)
        keyed = keyed.mutate(age_band=common.band_label(common.age_at_metastasis(one.table), bands))
    keyed = keyed.filter(keyed.year.between(*years))
    keys = list(levels)
    counts = keyed.group_by(keys).aggregate(count=keyed.count()).execute()
    return one.signed(common.full_grid(counts, levels))


def spread(cases: Cases, *, years: common.Years, source: str | None = None) -> pd.DataFrame:
    """People with disease at each distant site at their metastatic diagnosis, by year and presentation.

    Returns
    -------
    DataFrame
        ``year``, ``presentation``, ``site``, ``count`` (people with disease there), ``stated`` (people of whom the source
        says yes or no), ``source``, ``as_of``. A person may have several sites: counts do not add up to people.
    """
    one = common.of_source(cases, source)
    common.require_known(one, (PRESENTATION,))
    keyed = one.table.mutate(year=one.table.metastatic_date.year().cast("int64"))
    keyed = keyed.filter(keyed.year.between(*years))
    sums = {
        f"{prefix}_{name}": value
        for name in DISTANT_SITES
        for prefix, value in (
            ("there", keyed[name].fill_null(False).cast("int64").sum()),
            ("told", keyed[name].notnull().cast("int64").sum()),
        )
    }
    wide = keyed.group_by([YEAR, PRESENTATION]).aggregate(**sums).execute()
    parts = [
        wide[[YEAR, PRESENTATION]].assign(
            site=name.removeprefix("site_"), count=wide[f"there_{name}"], stated=wide[f"told_{name}"]
        )
        for name in DISTANT_SITES
    ]
    levels: dict[str, Sequence[Any]] = {
        YEAR: common.year_range(years, one.where),
        PRESENTATION: common.PRESENTATIONS,
        "site": [name.removeprefix("site_") for name in DISTANT_SITES],
    }
    return one.signed(common.full_grid(pd.concat(parts, ignore_index=True), levels, (COUNT, "stated")))


def routes(
    cases: Cases, *, years: common.Years, source: str | None = None, areas: Sequence[str] | None = None
) -> pd.DataFrame:
    """People by route to their metastatic diagnosis, with area, year and presentation.

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``presentation``, ``route`` (``unknown`` where the source does not say), ``count``,
        ``source``, ``as_of``.
    """
    one = common.of_source(cases, source)
    common.require_known(one, (PRESENTATION,))
    keyed = one.table.mutate(
        year=one.table.metastatic_date.year().cast("int64"), route=one.table.route.fill_null(UNKNOWN)
    )
    keyed = keyed.filter(keyed.year.between(*years))
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(one, areas),
        YEAR: common.year_range(years, one.where),
        PRESENTATION: common.PRESENTATIONS,
        "route": ROUTES,
    }
    counts = keyed.group_by(list(levels)).aggregate(count=keyed.count()).execute()
    return one.signed(common.full_grid(counts, levels))


def _literal(word: str) -> Any:
    import ibis

    return ibis.literal(word)
