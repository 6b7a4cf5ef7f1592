"""Person-years on the Lexis diagram: attained age x calendar year x time since diagnosis."""

import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import DURATION_EDGES, AgeBands
from sbc_prevalence.records.dates import DAYS_PER_YEAR, first_day_number
from sbc_prevalence.records.definition import Cases
from sbc_prevalence.records.tabulate import common

KEYS = ("age_band", "year", "duration")
PIECES = ("first", "middle", "last")
"""Of a person's line within a calendar year, cut at the birthday and at the anniversary that end a band."""
FIRST_SHORT, LAST_SHORT = 1901, 2099
"""Years in which every fourth is a leap year, so that one multiplication finds the first of January."""


def lexis_person_years(
    cases: Cases,
    *,
    ages: AgeBands | Sequence[str],
    years: common.Years,
    entry: common.Entry,
    durations: Sequence[int] = DURATION_EDGES,
    source: str | None = None,
) -> pd.DataFrame:
    """Person-years at risk and deaths by attained age, calendar year and time since metastatic diagnosis.

    Parameters
    ----------
    cases : Cases
    ages : AgeBands or labels
        Bands of attained age.
    years : (int, int)
        First and last calendar year.
    entry : {"registration", "diagnosis"}
        From when people are at risk.
    durations : sequence of int
        First whole years of the bands of time since diagnosis, from 0; the last band is open.
    source : str, optional

    Returns
    -------
    DataFrame
        ``age_band``, ``year``, ``duration`` (``0-1``, ..., ``10+``), ``person_years`` [365.25 days], ``deaths``,
        ``source``, ``as_of``; cells without either are left out.

    Notes
    -----
    A person's line is cut at each 1 January, and within a calendar year at the one anniversary of the diagnosis and the
    one birthday that can fall into it, where a band ends there: at most three pieces, found by arithmetic. The engine
    sums them by the bands before and after the cuts; there is no join with bands. All intervals are
    half-open, [from, to); a death lies in the cell of its own day.
    """
    import ibis

    bands = common.bands_of(ages)
    edges = tuple(durations)
    if not edges or edges[0] != 0 or list(edges) != sorted(set(edges)) or any(int(e) != e for e in edges):
        raise DataError(
            Problem(
                "E-OPTION",
                cases.name,
                "durations are whole years that ascend from 0",
                "Give e.g. [0, 1, 2, 5, 10].",
                key="durations",
            )
        )
    one = common.of_source(cases, source)
    common.require_ages(one)
    table = common.entered(one, entry)
    people = table.select(
        "begin",
        "entry",
        "end",
        "died",
        born=table.begin - common.age_at_metastasis(table) * DAYS_PER_YEAR,
        first=table.first_day.year().cast("int64"),
        last=table.exit_date.year().cast("int64"),
    )
    low, high = (ibis.literal(year, type="int64") for year in years)
    lived = people.select(
        "begin", "entry", "end", "born",
        year=ibis.range(ibis.greatest(people["first"], low), ibis.least(people["last"], high) + 1).unnest(),
    )
    inside = years[0] >= FIRST_SHORT and years[1] < LAST_SHORT
    day = _first_day if inside else lambda year: first_day_number(year).cast("float64")
    lived = lived.select(
        "begin", "born", "year",
        start=ibis.greatest(lived.entry, day(lived.year)), stop=ibis.least(lived.end, day(lived.year + 1)),
    )
    lived = lived.filter(lived.stop > lived.start)
    lived = lived.select(
        "year", "start", "stop", "begin", "born",
        old=_completed(lived.start - lived.born), ill=_completed(lived.start - lived.begin),
    )
    lived = lived.select(
        "year", "start", "stop",
        birthday=ibis.least(lived.born + (lived.old + 1) * DAYS_PER_YEAR, lived.stop),
        anniversary=ibis.least(lived.begin + (lived.ill + 1) * DAYS_PER_YEAR, lived.stop),
        age=_code(lived.old, bands.starts), next_age=_code(lived.old + 1, bands.starts),
        since=_code(lived.ill, edges), next_since=_code(lived.ill + 1, edges),
    )
    older = (lived.next_age != lived.age) & (lived.birthday < lived.stop)
    longer = (lived.next_since != lived.since) & (lived.anniversary < lived.stop)
    lived = lived.select(
        "year", "start", "stop", "age", "since",
        later_age=ibis.ifelse(older, lived.next_age, lived.age),
        later_since=ibis.ifelse(longer, lived.next_since, lived.since),
        cut_age=ibis.ifelse(older, lived.birthday, lived.stop),
        cut_since=ibis.ifelse(longer, lived.anniversary, lived.stop),
    )
    cut, late = ibis.least(lived.cut_age, lived.cut_since), ibis.greatest(lived.cut_age, lived.cut_since)
    pieces = lived.select(
        "year", "age", "since", "later_age", "later_since", age_first=lived.cut_age <= lived.cut_since,
        first=cut - lived.start, middle=late - cut, last=lived.stop - late,
    )
    groups = pieces.group_by(["year", "age", "since", "later_age", "later_since", "age_first"]).aggregate(
        **{name: pieces[name].sum() for name in PIECES}
    ).execute()
    risk = _in_cells(groups)
    dead = people.filter(people.died & people["last"].between(*years))
    died = dead.select(
        year=dead["last"],
        age_band=_code((dead.end - dead.born) / DAYS_PER_YEAR, bands.starts),
        duration=_code((dead.end - dead.begin) / DAYS_PER_YEAR, edges),
    )
    deaths = died.group_by(list(KEYS)).aggregate(deaths=died.count()).execute()
    sums = risk.merge(deaths, on=list(KEYS), how="outer").fillna({"days": 0.0, "deaths": 0})
    sums = sums.sort_values(list(KEYS))
    sums["person_years"] = sums["days"].astype(float) / DAYS_PER_YEAR
    for name, labels in (("age_band", bands.labels), ("duration", duration_labels(edges))):
        sums[name] = [labels[int(code)] for code in sums[name]]
    return one.signed(sums[[*KEYS, "person_years", "deaths"]].astype({"deaths": "int64", "year": "int64"}))


def _in_cells(groups: pd.DataFrame) -> pd.DataFrame:
    """Days by year and band from days by year and the bands before and after each cut."""
    age_first = groups["age_first"].to_numpy(bool)
    bands = {
        "first": (groups["age"], groups["since"]),
        "middle": (
            groups["later_age"].where(age_first, groups["age"]),
            groups["since"].where(age_first, groups["later_since"]),
        ),
        "last": (groups["later_age"], groups["later_since"]),
    }
    lines = pd.concat([
        pd.DataFrame({"age_band": age, "year": groups["year"], "duration": since, "days": groups[name]})
        for name, (age, since) in bands.items()
    ])
    found = lines.groupby(list(KEYS), as_index=False)["days"].sum()
    return found[found["days"] > 0]


def duration_labels(edges: Sequence[int]) -> tuple[str, ...]:
    """``0-1``, ``1-2``, ..., ``10+``."""
    return (*(f"{a}-{b}" for a, b in itertools.pairwise(edges)), f"{edges[-1]}+")


def _code(years: Any, starts: Sequence[int]) -> Any:
    """Number of the band that a time in years lies in: whole numbers group faster than labels."""
    import ibis

    if len(starts) == 1:
        return ibis.literal(0, type="int8")
    return ibis.cases(
        *((years < end, ibis.literal(i, type="int8")) for i, end in enumerate(starts[1:])),
        else_=ibis.literal(len(starts) - 1, type="int8"),
    )


def _completed(days: Any) -> Any:
    """Whole years of 365.25 days; a float, as engines take 365.25 beside a whole number for a slow decimal."""
    return (days / DAYS_PER_YEAR).floor().cast("float64")


def _first_day(year: Any) -> Any:
    """Day number of 1 January, for years between `FIRST_SHORT` and `LAST_SHORT`: every fourth is a leap year."""
    return ((year.cast("float64") - 1970.0) * DAYS_PER_YEAR + 0.25).floor().cast("float64")
