"""People living on any index dates: alive at the end of the day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AREA_CODE, COUNT, AgeBands
from sbc_prevalence.records.dates import DAYS_PER_YEAR, day_number
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.tabulate import common

INDEX_DATE = "index_date"
STATES = ("living", "lost", "dead")


def living(
    cases: Cases,
    *,
    index_dates: Sequence[str | date],
    source: str | None = None,
    by: Sequence[str] = (),
    ages: AgeBands | Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """People diagnosed by the end of each index date and known to be alive then: evidence ``LivingCounts``.

    Parameters
    ----------
    cases : Cases
    index_dates : sequence of ISO dates
        Any days, 29 February included. Whoever is diagnosed on the day counts; whoever dies on it does not.
    source : str, optional
    by : sequence of {"sex"}
    ages : AgeBands or labels, optional
        Bands of attained age on the index date.
    areas : sequence of str, optional

    Returns
    -------
    DataFrame
        ``area_code``, ``index_date``, [``sex``], [``age_band``], ``count`` [persons], ``source``, ``as_of``. People whose
        follow-up ended before the date are not counted: see :func:`living_and_lost` for how many these are.
    """
    table = _states(cases, index_dates, source, by, ages, areas)
    return table.drop(columns=["lost", "dead"]).rename(columns={"living": COUNT})


def living_and_lost(
    cases: Cases,
    *,
    index_dates: Sequence[str | date],
    source: str | None = None,
    by: Sequence[str] = (),
    ages: AgeBands | Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """As :func:`living`, with everybody diagnosed by the date: ``living``, ``lost`` (follow-up over before), ``dead``."""
    return _states(cases, index_dates, source, by, ages, areas)


def _states(
    cases: Cases,
    index_dates: Sequence[str | date],
    source: str | None,
    by: Sequence[str],
    ages: AgeBands | Sequence[str] | None,
    areas: Sequence[str] | None,
) -> pd.DataFrame:
    """One pass: with ages a conditional sum of each state for every date and band."""
    one = common.of_source(cases, source)
    common.require_known(one, by)
    dates = _days(index_dates, one.where)
    late = [day for day in dates if day > one.as_of]
    if late:
        raise DataError(
            Problem(
                "E-INDEX-DATE",
                one.where,
                "an index date must not lie after the date of extraction",
                "Choose an earlier date: nobody knows who lives then.",
                key="index_dates",
                detail=f"{len(late)} of {len(dates)} dates do",
            )
        )
    if ages is None:
        return one.signed(_without_ages(one, dates, by, areas))
    bands, table = common.bands_of(ages), one.table
    common.require_ages(one)
    begin, end = day_number(table.metastatic_date), day_number(table.exit_date)
    keyed = table.select(
        AREA_CODE,
        *by,
        begin=begin,
        end=end,
        died=table.died,
        born=begin.cast("float64") - common.age_at_metastasis(table) * DAYS_PER_YEAR,
    )
    sums: dict[str, Any] = {}
    for i, text in enumerate(dates):
        day = (date.fromisoformat(text) - date(1970, 1, 1)).days
        here = keyed.begin <= day
        states = {
            "living": here & ((keyed.died & (keyed.end > day)) | (~keyed.died & (keyed.end >= day))),
            "dead": here & keyed.died & (keyed.end <= day),
            "lost": here & ~keyed.died & (keyed.end < day),
        }
        for state, holds in states.items():
            for j, inside in enumerate(_bands(keyed, day, bands)):
                sums[f"{state}_{i}_{j}"] = (holds & inside).cast("int64").sum()
    wide = keyed.group_by([AREA_CODE, *by]).aggregate(**sums).execute()
    parts = []
    for i, text in enumerate(dates):
        for j, label in enumerate(bands.labels):
            part = wide[[AREA_CODE, *by]].assign(**{INDEX_DATE: text, "age_band": label})
            parts.append(part.assign(**{state: wide[f"{state}_{i}_{j}"] for state in STATES}))
    levels: dict[str, Sequence[Any]] = {AREA_CODE: common.areas_of(one, areas), INDEX_DATE: dates}
    if "sex" in by:
        levels["sex"] = sorted(set(wide["sex"]))
    levels["age_band"] = bands.labels
    return one.signed(common.full_grid(pd.concat(parts, ignore_index=True), levels, STATES))


def _without_ages(
    one: common.OneSource, dates: list[str], by: Sequence[str], areas: Sequence[str] | None
) -> pd.DataFrame:
    """People grouped by how many dates lie before their diagnosis and before the end of their follow-up."""
    import ibis

    days = {text: (date.fromisoformat(text) - date(1970, 1, 1)).days for text in dates}
    ordered = sorted(days.values())

    def dates_before(day: Any) -> Any:
        return ibis.cases(*((day <= other, ibis.literal(i, type="int64")) for i, other in enumerate(ordered)),
                          else_=len(ordered))

    table = one.table
    # Whoever dies on a date does not live on it, whoever is last seen on it does: as if seen until the day after.
    end = day_number(table.exit_date)
    timed = table.select(AREA_CODE, *by, "died", begin=day_number(table.metastatic_date),
                         end=ibis.ifelse(table.died, end, end + 1))
    keyed = timed.select(AREA_CODE, *by, "died", begun=dates_before(timed.begin), ended=dates_before(timed.end))
    keys = [AREA_CODE, *by]
    groups = keyed.group_by([*keys, "died", "begun", "ended"]).aggregate(people=keyed.count()).execute()
    parts = []
    for text, day in days.items():
        i = ordered.index(day)
        here, over = groups["begun"] <= i, groups["ended"] <= i
        states = {"living": here & ~over, "lost": here & over & ~groups["died"], "dead": here & over & groups["died"]}
        counted = groups[keys].assign(**{name: groups["people"].where(holds, 0) for name, holds in states.items()})
        parts.append(counted.groupby(keys, as_index=False)[list(STATES)].sum().assign(**{INDEX_DATE: text}))
    levels: dict[str, Sequence[Any]] = {AREA_CODE: common.areas_of(one, areas), INDEX_DATE: dates}
    if "sex" in by:
        levels["sex"] = sorted(set(groups["sex"]))
    return common.full_grid(pd.concat(parts, ignore_index=True), levels, STATES)


def _bands(keyed: Any, day: int, bands: AgeBands) -> list[Any]:
    """Whether the attained age on a day is in each band."""
    age = (day - keyed.born) / DAYS_PER_YEAR
    ends = [*bands.starts[1:], None]
    found = []
    for start, end in zip(bands.starts, ends, strict=True):
        inside = age >= start if start else (age == age)
        found.append(inside if end is None else inside & (age < end))
    return found


def _days(index_dates: Sequence[str | date], where: str) -> list[str]:
    try:
        return list(dict.fromkeys(date.fromisoformat(str(day)).isoformat() for day in index_dates))
    except ValueError:
        raise DataError(
            Problem(
                "E-DATE",
                where,
                "index dates are days of the calendar, as 2024-02-29",
                "Correct them.",
                key="index_dates",
            )
        ) from None
