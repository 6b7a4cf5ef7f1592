"""What tabulations share: one source at a time, ages, full grids of cells, facts that a table cannot do without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AGE_BAND, ALL, AS_OF, COUNT, PRESENTATION, PRESENTATIONS, SOURCE, AgeBands
from sbc_prevalence.records.dates import DAYS_PER_YEAR, day_number
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.schema import UNKNOWN

if TYPE_CHECKING:
    import ibis

Entry = Literal["registration", "diagnosis"]
ENTRIES = ("registration", "diagnosis")
Years = tuple[int, int]


@dataclass(frozen=True, repr=False)
class OneSource:
    """Cases of one source with its name and last date of extraction (ISO)."""

    table: "ibis.Table"
    source: str
    as_of: str
    where: str

    def signed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with the columns ``source`` and ``as_of``."""
        return frame.assign(**{SOURCE: self.source, AS_OF: self.as_of}).reset_index(drop=True)


def of_source(cases: Cases, source: str | None) -> OneSource:
    """Cases of one source: the one named, or the only one. People in two sources must not be counted twice."""
    return one_source(cases.table, cases.name, source)


def one_source(rows: "ibis.Table", where: str, source: str | None) -> OneSource:
    """Rows of one source: the one named, or the only one."""
    dates = rows.group_by("source").aggregate(last=rows.extract_date.max()).execute()
    held = dict(zip(dates["source"], dates["last"], strict=True))
    if source is None and len(held) == 1:
        source = next(iter(held))
    if source not in held:
        raise DataError(
            Problem(
                "E-SOURCES",
                where,
                "a table is of one source, so that nobody is counted twice",
                "Name the source, or link the sources first.",
                key="source",
                detail=f"{len(held)} sources are there",
            )
        )
    table = rows.filter(rows.source == source)
    return OneSource(table, str(source), pd.Timestamp(held[source]).date().isoformat(), where)


def require(one: OneSource, column: str, condition: Any, requirement: str, remedy: str) -> None:
    """Refuse a table that some rows cannot be placed in: how many, never which."""
    n = int(one.table.filter(~condition.fill_null(False)).count().execute())
    if n:
        raise DataError(
            Problem(
                "E-CASES-UNPLACED",
                one.where,
                requirement,
                remedy,
                column=column,
                detail=f"{n:,} cases do not",
            )
        )


def require_known(one: OneSource, by: Sequence[str]) -> None:
    """Everybody has a known presentation and sex, where the table is by these."""
    for name, words in ((PRESENTATION, PRESENTATIONS), ("sex", ("female", "male"))):
        if name in by:
            require(
                one,
                name,
                one.table[name].isin(list(words)),
                f"cases must have a known {name} in a table by {name}",
                f"Leave {name} out of the table, or exclude {UNKNOWN} ones by the case definition.",
            )


def bands_of(ages: AgeBands | Sequence[str]) -> AgeBands:
    """Age bands from their labels."""
    return ages if isinstance(ages, AgeBands) else AgeBands(tuple(ages))


def age_at_metastasis(table: "ibis.Table") -> Any:
    """Age in years at the metastatic diagnosis, a decimal.

    Completed years are taken as half a year past the birthday, and a year of birth as its 1 July: the middle of what is
    known. Null where neither is.
    """
    import ibis

    born = day_number(ibis.date(table.birth_year, 7, 1))
    return ibis.coalesce(
        table.age_at_diagnosis.cast("float64") + 0.5,
        (day_number(table.metastatic_date) - born).cast("float64") / DAYS_PER_YEAR,
    )


def band_label(age: Any, bands: AgeBands) -> Any:
    """Label of the band of an age in years."""
    import ibis

    starts = bands.starts
    branches = [(age < end, label) for end, label in zip(starts[1:], bands.labels[:-1], strict=True)]
    return ibis.cases(*branches, else_=bands.labels[-1])


def require_ages(one: OneSource) -> None:
    """Everybody has an age or a year of birth."""
    table = one.table
    require(
        one,
        "birth_year",
        table.birth_year.notnull() | table.age_at_diagnosis.notnull(),
        "cases must have a year of birth or an age in a table by age",
        "Leave age out of the table, or map one of the two.",
    )


def entered(one: OneSource, entry: Entry) -> "ibis.Table":
    """Cases with whole days: ``begin`` (diagnosis), ``entry``, ``end``; those never at risk are left out.

    People are at risk from entry to exit, [entry, end); whoever dies on the day of diagnosis was at risk for half of it.
    """
    import ibis

    if entry not in ENTRIES:
        raise DataError(
            Problem(
                "E-OPTION",
                one.where,
                f"entry is one of {', '.join(ENTRIES)}",
                "People registered while alive are at risk from registration on.",
                key="entry",
            )
        )
    table = one.table
    begin, end = (
        day_number(table.metastatic_date).cast("float64"),
        day_number(table.exit_date).cast("float64"),
    )
    start, first_day = begin, table.metastatic_date
    if entry == "registration":
        require(
            one,
            "registration_date",
            table.registration_date.notnull(),
            "cases must have a date of registration for delayed entry",
            "Map it; entry = 'diagnosis' is right only where people are known from their diagnosis on.",
        )
        first_day = ibis.greatest(table.metastatic_date, table.registration_date)
        start = day_number(first_day).cast("float64")
    timed = table.mutate(
        begin=begin, entry=start, first_day=first_day, end=ibis.ifelse(end <= begin, begin + 0.5, end)
    )
    return timed.filter(timed.entry < timed.end)


def full_grid(
    counts: pd.DataFrame, levels: Mapping[str, Sequence[Any]], values: Sequence[str] = (COUNT,)
) -> pd.DataFrame:
    """Every combination of the levels, 0 where nothing was counted: a zero is kept, never dropped."""
    grid = pd.DataFrame(list(product(*levels.values())), columns=list(levels))
    if counts.empty:
        return grid.assign(**dict.fromkeys(values, 0))
    merged = grid.merge(counts, on=list(levels), how="left", validate="one_to_one")
    return merged.fillna(dict.fromkeys(values, 0)).astype(dict.fromkeys(values, "int64"))


def year_range(years: Years, where: str) -> list[int]:
    """All calendar years from the first to the last."""
    first, last = years
    if first > last:
        raise DataError(
            Problem("E-ORDER", where, "years are a first and a last one", "Swap them.", key="years")
        )
    return list(range(first, last + 1))


def levels_of(one: OneSource, by: Sequence[str], bands: AgeBands | None) -> dict[str, Sequence[Any]]:
    """Levels of presentation, sex and age band in a table by these."""
    levels: dict[str, Sequence[Any]] = {PRESENTATION: PRESENTATIONS if PRESENTATION in by else (ALL,)}
    if "sex" in by:
        found = one.table.select("sex").distinct().execute()["sex"]
        levels["sex"] = sorted(found)
    if bands is not None:
        levels[AGE_BAND] = bands.labels
    return levels


def areas_of(one: OneSource, areas: Sequence[str] | None) -> list[str]:
    """Areas asked for, or those that occur; nobody may live elsewhere."""
    if areas is None:
        return sorted(one.table.select("area_code").distinct().execute()["area_code"])
    require(
        one,
        "area_code",
        one.table.area_code.isin(list(areas)),
        "cases must live in one of the areas",
        "Add the areas, or leave out people of other areas by a rule of your own.",
    )
    return list(areas)
