"""When and how a source learned of people: the reporting triangle, and cases found at death."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import ALL, AREA_CODE, COUNT, PRESENTATION, YEAR
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.schema import NOTIFICATIONS
from sbc_prevalence.records.tabulate import common

REPORT_YEAR = "report_year"


def reporting_triangle(
    cases: Cases,
    *,
    years: common.Years,
    last_report_year: int | None = None,
    source: str | None = None,
    by: Sequence[str] = (PRESENTATION,),
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What the source held of each diagnosis year at the end of each later year: evidence ``ReportingTriangle``.

    Parameters
    ----------
    cases : Cases
        With dates of registration.
    years : (int, int)
        First and last year of metastatic diagnosis.
    last_report_year : int, optional
        Last calendar year that was over when the source was extracted; follows from the extract without it.
    source : str, optional
    by : sequence of {"presentation"}
    areas : sequence of str, optional

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``presentation``, ``report_year``, ``count`` (cumulative: give ``form="cumulative"``),
        ``source``, ``as_of``. A single extract shows arrivals only, never entries that were taken out again.
    """
    one = common.of_source(cases, source)
    common.require_known(one, by)
    table = one.table
    common.require(
        one,
        "registration_date",
        table.registration_date.notnull(),
        "cases must have a date of registration in a reporting triangle",
        "Map it.",
    )
    over = int(one.as_of[:4]) - (0 if one.as_of.endswith("12-31") else 1)
    last = over if last_report_year is None else last_report_year
    if last > over:
        raise DataError(
            Problem(
                "E-REPORT",
                one.where,
                "the last report year must be over on the date of extraction",
                "Choose an earlier year.",
                key="last_report_year",
            )
        )
    keyed = table.mutate(
        year=table.metastatic_date.year().cast("int64"),
        report_year=table.registration_date.year().cast("int64"),
    )
    early = int(keyed.filter(keyed.report_year < keyed.year).count().execute())
    if early:
        raise DataError(
            Problem(
                "E-REPORT-EARLY",
                one.where,
                "nobody is registered before the year of diagnosis",
                "Correct the dates.",
                column="registration_date",
                detail=f"{early:,} cases are",
            )
        )
    if PRESENTATION not in by:
        keyed = keyed.mutate(presentation=_literal(ALL))
    keyed = keyed.filter(keyed.year.between(*years) & (keyed.report_year <= last))
    counts = (
        keyed.group_by([AREA_CODE, YEAR, PRESENTATION, REPORT_YEAR]).aggregate(count=keyed.count()).execute()
    )
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(one, areas),
        YEAR: common.year_range(years, one.where),
        PRESENTATION: common.PRESENTATIONS if PRESENTATION in by else (ALL,),
        REPORT_YEAR: common.year_range((years[0], last), one.where),
    }
    grid = common.full_grid(counts, levels)
    grid = grid[grid[REPORT_YEAR] >= grid[YEAR]].reset_index(drop=True)
    grid[COUNT] = grid.groupby([AREA_CODE, YEAR, PRESENTATION])[COUNT].cumsum()
    return one.signed(grid)


def death_certificate_cases(
    cases: Cases,
    *,
    years: common.Years,
    source: str | None = None,
    by: Sequence[str] = (PRESENTATION,),
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Whom the source learned of in each year, and how: evidence ``DeathCertificateCases``.

    The year is that of registration for those registered in life, and of death for those found at it.

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``presentation``, ``registered_in_life``, ``death_initiated``, ``certificate_only``,
        ``source``, ``as_of``.
    """
    import ibis

    one = common.of_source(cases, source)
    common.require_known(one, by)
    table = one.table
    in_life = table.notification == NOTIFICATIONS[0]
    common.require(
        one,
        "notification",
        in_life & table.registration_date.notnull() | ~in_life & table.death_date.notnull(),
        "cases must say how the source learned of them, with the date of registration or of death",
        "Map notification and the two dates.",
    )
    day = ibis.ifelse(in_life, table.registration_date, table.death_date)
    keyed = table.mutate(year=day.year().cast("int64"))
    if PRESENTATION not in by:
        keyed = keyed.mutate(presentation=_literal(ALL))
    keyed = keyed.filter(keyed.year.between(*years))
    keys = [AREA_CODE, YEAR, PRESENTATION]
    counts = (
        keyed.group_by(keys)
        .aggregate(**{way: (keyed.notification == way).cast("int64").sum() for way in NOTIFICATIONS})
        .execute()
    )
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(one, areas),
        YEAR: common.year_range(years, one.where),
        PRESENTATION: common.PRESENTATIONS if PRESENTATION in by else (ALL,),
    }
    return one.signed(common.full_grid(pd.DataFrame(counts), levels, NOTIFICATIONS))


def _literal(word: str) -> Any:
    import ibis

    return ibis.literal(word)
