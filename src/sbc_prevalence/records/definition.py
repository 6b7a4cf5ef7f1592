"""The case definition: which rows are a person's first metastasis, and how many each rule removed.

Everything is an ibis expression, so that any engine does it where the rows are.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import ALL, DE_NOVO, RECURRENT
from sbc_prevalence.records.dates import day_number, earliest_day, last_day
from sbc_prevalence.records.engine import Records
from sbc_prevalence.records.schema import (
    AMBIGUOUS_SITES,
    DISTANT_SITES,
    LOCAL_SITES,
    REGIONAL_SITES,
    SCHEMA,
    SITES,
    TREATMENTS,
    UNKNOWN,
)

if TYPE_CHECKING:
    import ibis

LONGEST_WINDOW = 3660
RULES = {
    "sex": "of another sex than counted, or unknown",
    "primary": "first tumour without spread",
    "local": "local recurrence (breast, chest wall, skin near the scar)",
    "regional": "regional recurrence (nodes of armpit, chest, neck, under the breastbone)",
    "ambiguous": "code that may be local, regional or distant, or contradicts its sites",
    "undated": "no date of the metastatic diagnosis",
    "later": "a later event, or a further tumour, of a person already counted in this source",
    "presentation": "neither dates nor the source tell de novo from recurrent",
}
"""Rules in the order in which they are applied: a row is removed by the first that it meets."""
CASE_COLUMNS = (
    "person_id",
    "source",
    "extract_date",
    "sex",
    "area_code",
    "birth_year",
    "age_at_diagnosis",
    "metastatic_date",
    "metastatic_date_precision",
    "presentation",
    "registration_date",
    "notification",
    "route",
    *SITES,
    *TREATMENTS,
    "er",
    "pr",
    "her2",
    "death_date",
    "death_cause",
    "exit_date",
    "died",
)


@dataclass(frozen=True, kw_only=True)
class CaseDefinition:
    """What counts as a case.

    Parameters
    ----------
    window_days : int
        Metastasis within so many days of the first breast cancer diagnosis (that day included) is de novo. No default.
    sex : {"female", "male", "all"}
        Whose records are counted. No default.
    followed_to : {"last_contact", "extract_date"}
        Until when people without a date of death are known to be alive: their last contact, or the date of extraction
        (a source that is linked to every death). Whoever is lost is followed to the last contact in both. No default.
    ambiguous : {"exclude", "include"}
        Rows whose code or sites may be local, regional or distant; they are counted in the attrition table either way.
    unknown_presentation : {"exclude", "keep"}
        Cases of which neither the dates nor the source tell the presentation. Kept, they count under ``all`` only.
    unknown_status : {"refuse", "lost", "alive"}
        People without a date of death whose vital status is stated as unknown: refused by
        :func:`sbc_prevalence.records.validate_records` where `followed_to` would take them for alive, or followed to the
        last contact, or as long as all others (the source is linked to every death).
    """

    window_days: int
    sex: Literal["female", "male", "all"]
    followed_to: Literal["last_contact", "extract_date"]
    ambiguous: Literal["exclude", "include"] = "exclude"
    unknown_presentation: Literal["exclude", "keep"] = "exclude"
    unknown_status: Literal["refuse", "lost", "alive"] = "refuse"

    def __post_init__(self) -> None:
        found = []
        if (
            isinstance(self.window_days, bool)
            or not isinstance(self.window_days, int)
            or not (0 <= self.window_days <= LONGEST_WINDOW)
        ):
            found.append(_option("window_days", f"window_days is a whole number from 0 to {LONGEST_WINDOW}"))
        for name, allowed in (
            ("sex", ("female", "male", ALL)),
            ("followed_to", ("last_contact", "extract_date")),
            ("ambiguous", ("exclude", "include")),
            ("unknown_presentation", ("exclude", "keep")),
            ("unknown_status", ("refuse", "lost", "alive")),
        ):
            if getattr(self, name) not in allowed:
                found.append(_option(name, f"{name} is one of {', '.join(allowed)}"))
        if found:
            raise DataError(found)


@dataclass(frozen=True, eq=False, repr=False)
class Cases(Records):
    """One row for each person and source: the first metastasis. On the engine; shown by its shape only.

    Parameters
    ----------
    table : ibis.Table
        Columns :data:`CASE_COLUMNS`. ``metastatic_date`` is placed in the middle of its month or year where the day
        is not known; ``exit_date`` is the last day followed, of death where ``died``.
    definition : CaseDefinition
    attrition : DataFrame
        ``source``, ``rule``, ``meaning``, ``removed``, ``remaining`` [rows], and ``persons`` remaining.
    """

    definition: CaseDefinition
    attrition: pd.DataFrame

    def cached(self) -> "Cases":
        """The same cases, computed once and held by the engine."""
        return Cases(self.table.cache(), self.name, self.rows, self.definition, self.attrition)


def define_cases(records: Records, definition: CaseDefinition) -> Cases:
    """Cases of the definition, and how many rows each rule removed.

    Parameters
    ----------
    records : Records
        Of the record schema: see :func:`sbc_prevalence.records.apply.apply_mapping`.

    Raises
    ------
    DataError
        If a column of the schema is missing.
    """
    absent = [name for name in SCHEMA if name not in records.columns]
    if absent:
        raise DataError(
            [
                Problem(
                    "E-COLUMN-MISSING",
                    records.name,
                    "records must have every column of the schema",
                    "Apply a mapping first.",
                    column=name,
                )
                for name in absent
            ]
        )
    judged = judge(records.table, definition)
    attrition = _attrition(records.table, judged)
    kept = judged.filter(judged.removed_by.isnull())
    rows = int(attrition.groupby("source").tail(1)["remaining"].sum())
    return Cases(kept.select(*CASE_COLUMNS), records.name, rows, definition, attrition)


def judge(table: "ibis.Table", definition: CaseDefinition) -> "ibis.Table":
    """Every row with the rule that removes it (``removed_by``, null where it is a case) and the columns of a case."""
    import ibis

    extent = extent_of(table)
    ambiguous = [("ambiguous", extent == "ambiguous")] if definition.ambiguous == "exclude" else []
    rules = [
        ("primary", extent == "primary"),
        ("local", extent == "local"),
        ("regional", extent == "regional"),
        *ambiguous,
        ("undated", table.metastatic_date.isnull()),
    ]
    if definition.sex != ALL:
        rules.insert(0, ("sex", table.sex != definition.sex))
    first = table.mutate(
        removed_by=ibis.cases(
            *((broken.fill_null(False), name) for name, broken in rules), else_=ibis.null("string")
        ),
        primary_low=earliest_day(table.primary_date, table.primary_date_precision),
        primary_high=last_day(table.primary_date, table.primary_date_precision),
        low=earliest_day(table.metastatic_date, table.metastatic_date_precision),
        high=last_day(table.metastatic_date, table.metastatic_date_precision),
    )
    person = ibis.window(group_by=[first.person_id, first.source])
    first = first.mutate(
        first_low=first.primary_low.min().over(person),
        first_high=first.primary_high.min().over(person),
        rival=first.removed_by.isnull(),
    )
    where: Any = ibis.literal(0, type="int64")
    for i, name in enumerate(SITES):
        where = where + ibis.ifelse(first[name].fill_null(False), 2**i, 0)
    first = first.mutate(where=where)
    among = ibis.window(
        group_by=[first.person_id, first.source, first.rival],
        order_by=[first.low, first.high, first.death_date, first.registration_date, first.where],
    )
    ranked = first.mutate(rank=ibis.row_number().over(among))
    ranked = ranked.mutate(
        removed_by=ibis.ifelse(ranked.rival & (ranked["rank"] > 0), "later", ranked.removed_by)
    )
    told = ranked.mutate(
        stated=ranked.presentation, presentation=_presentation(ranked, definition.window_days)
    )
    if definition.unknown_presentation == "exclude":
        told = told.mutate(
            removed_by=ibis.ifelse(
                told.removed_by.isnull() & (told.presentation == UNKNOWN), "presentation", told.removed_by
            )
        )
    return _followed(told, definition)


def extent_of(table: "ibis.Table") -> Any:
    """``primary``, ``local``, ``regional``, ``distant`` or ``ambiguous``: what the row says, held against its sites."""
    import ibis

    def anywhere(names: tuple[str, ...]) -> Any:
        found: Any = ibis.literal(False)
        for name in names:
            found = found | table[name].fill_null(False)
        return found

    distant, regional, local = anywhere(DISTANT_SITES), anywhere(REGIONAL_SITES), anywhere(LOCAL_SITES)
    by_sites = ibis.cases(
        (distant, "distant"),
        (anywhere(AMBIGUOUS_SITES), "ambiguous"),
        (regional, "regional"),
        (local, "local"),
        else_="ambiguous",
    )
    said = table.event.fill_null("")
    contradicted = said.isin(["local", "regional"]) & distant
    return ibis.cases((said == "", by_sites), (contradicted, "ambiguous"), else_=said)


def _presentation(table: "ibis.Table", window_days: int) -> Any:
    """De novo where the whole range of dates lies within the window, recurrent where it lies outside, else as stated."""
    import ibis

    least = day_number(table.low) - day_number(table.first_high)
    most = day_number(table.high) - day_number(table.first_low)
    return ibis.cases(
        ((most <= window_days).fill_null(False), DE_NOVO),
        ((least > window_days).fill_null(False), RECURRENT),
        else_=table.presentation.fill_null(UNKNOWN),
    )


def _followed(table: "ibis.Table", definition: CaseDefinition) -> "ibis.Table":
    """Date of diagnosis in the middle of what is known, end of follow-up, and whether it ended with death."""
    import ibis

    died = table.death_date.notnull() & (table.death_date <= table.extract_date)
    contact = table.last_contact_date
    untraced = ["lost", UNKNOWN] if definition.unknown_status == "lost" else ["lost"]
    ended = (
        contact
        if definition.followed_to == "last_contact"
        else ibis.ifelse(table.vital_status.isin(untraced).fill_null(False), contact, table.extract_date)
    )
    ended = ibis.ifelse(ended.isnull(), ibis.null("date"), ibis.least(ended, table.extract_date))
    exit_date = ibis.ifelse(died.fill_null(False), table.death_date, ended)
    middle = ibis.cases(
        (table.metastatic_date_precision == "month", ibis.date(table.low.year(), table.low.month(), 15)),
        (table.metastatic_date_precision == "year", ibis.date(table.low.year(), 7, 1)),
        else_=table.low,
    )
    bound = ibis.coalesce(exit_date, table.extract_date)
    placed = ibis.greatest(table.low, ibis.least(middle, bound))
    return table.mutate(
        metastatic_date=placed,
        exit_date=ibis.greatest(ibis.coalesce(exit_date, placed), placed),
        died=died.fill_null(False),
    )


def _attrition(table: "ibis.Table", judged: "ibis.Table") -> pd.DataFrame:
    """Rows removed by each rule in order, by source; rules that removed nobody stay, with 0."""
    counts = (
        judged.group_by("source", "removed_by")
        .aggregate(rows=judged.count(), persons=judged.person_id.nunique())
        .execute()
    )
    read = (
        table.group_by("source")
        .aggregate(persons=table.person_id.nunique())
        .execute()
        .set_index("source")["persons"]
    )
    tables = []
    for source, own in counts.groupby("source", sort=True):
        removed = {
            str(rule): int(n)
            for rule, n in zip(own["removed_by"], own["rows"], strict=True)
            if isinstance(rule, str)
        }
        left = total = int(own["rows"].sum())
        lines: list[tuple[Any, ...]] = [(source, "read", "rows of the source", 0, total, int(read[source]))]
        for rule, meaning in RULES.items():
            left -= removed.get(rule, 0)
            lines.append((source, rule, meaning, removed.get(rule, 0), left, None))
        lines[-1] = (*lines[-1][:-1], int(own.loc[own["removed_by"].isna(), "persons"].sum()))
        tables.append(
            pd.DataFrame(lines, columns=["source", "rule", "meaning", "removed", "remaining", "persons"])
        )
    return pd.concat(tables, ignore_index=True).astype({"persons": "Int64"})


def _option(name: str, requirement: str) -> Problem:
    return Problem("E-OPTION", "case definition", requirement, "State it.", key=name)
