"""Counts of rows as they are, without a case definition: first tumours, certified deaths. Each person once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sbc_prevalence.grid import ALL, AREA_CODE, COUNT, YEAR
from sbc_prevalence.records.engine import Records
from sbc_prevalence.records.tabulate import common

if TYPE_CHECKING:
    import ibis

Sex = Literal["female", "male", "all"]
BREAST_CANCER = "C50"


def first_tumours(
    records: Records, *, years: common.Years, sex: Sex, areas: Sequence[str] | None = None, source: str | None = None
) -> pd.DataFrame:
    """People by area and year of their first invasive breast cancer: evidence ``PrimaryRegistrations``.

    Parameters
    ----------
    records : Records
        Of the record schema; rows whose event is ``primary`` are counted.
    years : (int, int)
        First and last calendar year.
    sex : {"female", "male", "all"}
    areas : sequence of str, optional
        Areas to show, also those without a case; else those that occur. Nobody may live elsewhere.
    source : str, optional
        Needed where the records are of several.

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``count`` [persons], ``source``, ``as_of``. A person with several first-tumour rows
        counts at the earliest, in the area of that row.
    """
    one = _rows(records, source, sex)
    table = one.table.filter((one.table.event == "primary") & one.table.primary_date.notnull())
    own = common.OneSource(table, one.source, one.as_of, one.where)
    return _counted(own, table.primary_date, years, areas)


def certified_deaths(
    records: Records, *, years: common.Years, sex: Sex, areas: Sequence[str] | None = None, source: str | None = None,
    icd10: str = BREAST_CANCER,
) -> pd.DataFrame:
    """People by area and year of a death certified to a cause: evidence ``Deaths``.

    Parameters
    ----------
    records : Records
        Of the record schema, with dates and causes of death.
    years, sex, areas, source
        As in :func:`first_tumours`.
    icd10 : str
        Beginning of the codes that count.

    Returns
    -------
    DataFrame
        ``area_code``, ``year``, ``count`` [persons], ``source``, ``as_of``; each person once.
    """
    one = _rows(records, source, sex)
    certified = one.table.death_date.notnull() & one.table.death_cause.startswith(icd10).fill_null(False)
    table = one.table.filter(certified)
    own = common.OneSource(table, one.source, one.as_of, one.where)
    return _counted(own, table.death_date, years, areas)


def _rows(records: Records, source: str | None, sex: Sex) -> common.OneSource:
    one = common.one_source(records.table, records.name, source)
    table = one.table if sex == ALL else one.table.filter(one.table.sex == sex)
    return common.OneSource(table, one.source, one.as_of, one.where)


def _counted(
    one: common.OneSource, day: Any, years: common.Years, areas: Sequence[str] | None
) -> pd.DataFrame:
    """Persons by area and year of their earliest day."""
    dated: ibis.Table = one.table.mutate(day=day)
    people = dated.group_by("person_id").aggregate(
        **{AREA_CODE: dated.area_code.argmin(dated.day), "day": dated.day.min()})
    people = people.mutate(**{YEAR: people.day.year().cast("int64")})
    people = people.filter(people[YEAR].between(*years))
    here = common.OneSource(people, one.source, one.as_of, one.where)
    counts = people.group_by([AREA_CODE, YEAR]).aggregate(**{COUNT: people.count()}).execute()
    levels: dict[str, Sequence[Any]] = {
        AREA_CODE: common.areas_of(here, areas), YEAR: common.year_range(years, one.where)}
    return one.signed(common.full_grid(counts, levels))
