"""Linking sources: one row for each person, disagreements resolved by a declared rule, overlaps kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sbc_prevalence.data.histories import FEWEST_LISTS, MOST_LISTS
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.records.definition import CASE_COLUMNS, Cases

if TYPE_CHECKING:
    import ibis

Rule = Literal["earliest", "highest_rank", "most_precise"]
RULES = ("earliest", "highest_rank", "most_precise")
LINKED = "linked"
COMPARED = ("metastatic_date", "presentation", "area_code", "sex", "death_date")


@dataclass(frozen=True, eq=False, repr=False)
class LinkedCases(Cases):
    """One row for each person, with ``on_0``, ``on_1``, ...: whether each source has them.

    Parameters
    ----------
    sources : tuple of str
        In order of rank.
    disagreements : DataFrame
        ``fact``, ``in_several`` (people in two or more sources that state it), ``disagree``.
    """

    sources: tuple[str, ...]
    disagreements: pd.DataFrame

    def cached(self) -> "LinkedCases":
        """The same people, computed once and held by the engine."""
        return LinkedCases(
            self.table.cache(),
            self.name,
            self.rows,
            self.definition,
            self.attrition,
            self.sources,
            self.disagreements,
        )


def link_sources(cases: Cases, *, rule: Rule, sources: Sequence[str]) -> LinkedCases:
    """One row for each person in any of the sources.

    Parameters
    ----------
    cases : Cases
        Of several sources, with pseudonyms that mean the same person in each.
    rule : {"earliest", "highest_rank", "most_precise"}
        Which source's row is believed first: that with the earliest metastatic diagnosis, that of the source named
        first, or that whose date is most exact (ties: the earliest, then the source named first). A fact that this
        source does not state is taken from the next. No default.
    sources : sequence of str
        Two to five sources, in order of rank.

    Returns
    -------
    LinkedCases
        Nobody twice. Whoever died in any source is dead; the others are followed as long as any source does. Registered
        is the first day on which any source knew of them: from then on their death would have been seen.
    """
    import ibis

    names = tuple(sources)
    if rule not in RULES:
        raise DataError(
            Problem("E-OPTION", cases.name, f"rule is one of {', '.join(RULES)}", "State it.", key="rule")
        )
    if len(set(names)) != len(names) or not FEWEST_LISTS <= len(names) <= MOST_LISTS:
        raise DataError(
            Problem(
                "E-LISTS-NUMBER",
                cases.name,
                f"{FEWEST_LISTS} to {MOST_LISTS} sources are linked, each once",
                "Name them in order of rank.",
                key="sources",
            )
        )
    table = cases.table.filter(cases.table.source.isin(list(names)))
    rank = ibis.cases(*((table.source == name, i) for i, name in enumerate(names)), else_=len(names))
    fineness = ibis.cases(
        (table.metastatic_date_precision == "month", 1),
        (table.metastatic_date_precision == "year", 2),
        else_=0,
    )
    table = table.mutate(source_rank=rank, fineness=fineness)
    order = {
        "earliest": [table.metastatic_date, table.source_rank],
        "highest_rank": [table.source_rank],
        "most_precise": [table.fineness, table.metastatic_date, table.source_rank],
    }[rule]
    placed = table.mutate(place=ibis.row_number().over(ibis.window(group_by=table.person_id, order_by=order)))
    stated = [
        name
        for name in CASE_COLUMNS
        if name not in ("person_id", "source", "extract_date", "registration_date", "exit_date", "died")
    ]
    facts: dict[str, Any] = {
        name: placed[name].argmin(placed.place, where=placed[name].notnull()) for name in stated
    }
    facts |= {
        "extract_date": placed.extract_date.max(),
        "registration_date": placed.registration_date.min(),
        "last": placed.exit_date.max(),
        "died": placed.died.any(),
    }
    facts |= {f"on_{i}": (placed.source == name).any() for i, name in enumerate(names)}
    people = placed.group_by("person_id").aggregate(**facts)
    ended = ibis.ifelse(people.died, people.death_date, people["last"])
    people = people.mutate(
        source=ibis.literal(LINKED), exit_date=ibis.greatest(ended, people.metastatic_date)
    )
    columns = [*CASE_COLUMNS, *(f"on_{i}" for i in range(len(names)))]
    linked = people.select(*columns)
    rows = int(linked.count().execute())
    return LinkedCases(
        linked, cases.name, rows, cases.definition, cases.attrition, names, _disagreements(table)
    )


def _disagreements(table: "ibis.Table") -> pd.DataFrame:
    """How many people in several sources have facts that differ between these."""
    told: dict[str, Any] = {}
    for name in COMPARED:
        told[f"n_{name}"] = table[name].count()
        told[f"k_{name}"] = table[name].nunique()
    people = table.group_by("person_id").aggregate(**told)
    sums: dict[str, Any] = {}
    for name in COMPARED:
        several = people[f"n_{name}"] > 1
        sums[f"n_{name}"] = several.cast("int64").sum()
        sums[f"k_{name}"] = (several & (people[f"k_{name}"] > 1)).cast("int64").sum()
    found = people.aggregate(**sums).execute().iloc[0].fillna(0)
    return pd.DataFrame(
        {
            "fact": COMPARED,
            "in_several": [int(found[f"n_{name}"]) for name in COMPARED],
            "disagree": [int(found[f"k_{name}"]) for name in COMPARED],
        }
    )
