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
    one birthday that can fall into it: at most three pieces, found by arithmetic, no join with bands. All intervals are
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
    lived = people.mutate(
        year=ibis.range(ibis.greatest(people["first"], low), ibis.least(people["last"], high) + 1).unnest()
    )
    lived = lived.mutate(
        start=ibis.greatest(lived.entry, first_day_number(lived.year).cast("float64")),
        stop=ibis.least(lived.end, first_day_number(lived.year + 1).cast("float64")),
    )
    lived = lived.filter(lived.stop > lived.start)
    lived = lived.mutate(
        one=_next_anniversary(lived.start, lived.begin, lived.stop),
        two=_next_anniversary(lived.start, lived.born, lived.stop),
    )
    cut, late = ibis.least(lived.one, lived.two), ibis.greatest(lived.one, lived.two)
    pieces = [
        lived.select("year", "begin", "born", since=since, until=until)
        for since, until in ((lived.start, cut), (cut, late), (late, lived.stop))
    ]
    lines = pieces[0].union(pieces[1]).union(pieces[2])
    lines = lines.filter(lines.until > lines.since)
    middle = (lines.since + lines.until) / 2
    at_risk = lines.select(
        "year",
        days=lines.until - lines.since,
        deaths=ibis.literal(0, type="int64"),
        age_band=common.band_label((middle - lines.born) / DAYS_PER_YEAR, bands),
        duration=_duration((middle - lines.begin) / DAYS_PER_YEAR, edges),
    )
    dead = people.filter(people.died & people["last"].between(*years))
    died = dead.select(
        year=dead["last"],
        days=ibis.literal(0.0),
        deaths=ibis.literal(1, type="int64"),
        age_band=common.band_label((dead.end - dead.born) / DAYS_PER_YEAR, bands),
        duration=_duration((dead.end - dead.begin) / DAYS_PER_YEAR, edges),
    )
    both = at_risk.union(died)
    sums = both.group_by(list(KEYS)).aggregate(days=both.days.sum(), deaths=both.deaths.sum()).execute()
    sums["person_years"] = sums["days"].astype(float) / DAYS_PER_YEAR
    order = {label: i for i, label in enumerate([*bands.labels, *duration_labels(edges)])}
    sums = sums.sort_values(list(KEYS), key=lambda c: c.map(order) if c.name != "year" else c)
    return one.signed(sums[[*KEYS, "person_years", "deaths"]].astype({"deaths": "int64", "year": "int64"}))


def duration_labels(edges: Sequence[int]) -> tuple[str, ...]:
    """``0-1``, ``1-2``, ..., ``10+``."""
    return (*(f"{a}-{b}" for a, b in itertools.pairwise(edges)), f"{edges[-1]}+")


def _duration(years: Any, edges: Sequence[int]) -> Any:
    import ibis

    labels = duration_labels(edges)
    if len(edges) == 1:
        return ibis.literal(labels[0])
    return ibis.cases(
        *((years < end, label) for end, label in zip(edges[1:], labels[:-1], strict=True)), else_=labels[-1]
    )


def _next_anniversary(start: Any, origin: Any, stop: Any) -> Any:
    """First whole year after `origin` that lies beyond `start`, or `stop` if that is earlier."""
    import ibis

    gone = ((start - origin) / DAYS_PER_YEAR).floor()
    return ibis.least(origin + (gone + 1) * DAYS_PER_YEAR, stop)
