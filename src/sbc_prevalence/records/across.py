"""Rules over several rows: repeated events, people in several areas, several tumours, heaps of default dates."""

from typing import TYPE_CHECKING, Any

from sbc_prevalence.errors import Problem
from sbc_prevalence.records.apply import FIRST_DATA_ROW, ROWS_LISTED, whole
from sbc_prevalence.records.definition import CaseDefinition
from sbc_prevalence.records.engine import Records, is_spark
from sbc_prevalence.records.schema import SITES

if TYPE_CHECKING:
    import ibis

SAME_EVENT = (
    "person_id",
    "source",
    "event",
    "metastatic_date",
    "primary_date",
    "registration_date",
    "death_date",
    "area_code",
)
HEAPS = {"1 January": 1 / 365.25, "1 July": 1 / 365.25, "the 15th of a month": 12 / 365.25}
"""Days that stand for an unknown day or month, and the share of dates that fall on them by chance."""
HEAP_FACTOR = 3.0
FEWEST_IN_HEAP = 10
LOST_ZERO = "^[1-9](0[1-9]|1[0-2])[0-9]{6}$"
"""Nine digits that begin like a date of birth whose leading zero was lost: d, mm, yy, four more."""


def across_problems(records: Records, definition: CaseDefinition | None) -> list[Problem]:
    """Faults that only several rows together show; warnings stop nothing.

    Parameters
    ----------
    records : Records
        Of the record schema.
    definition : CaseDefinition, optional
        It counts persons. Without one, people with several tumours are an error: nothing says how they are counted.
    """
    return [
        *_repeated(records),
        *_zeros_lost(records),
        *_of_people(records, definition),
        *_heaps(records),
    ]


def _repeated(records: Records) -> list[Problem]:
    """Rows that report the same event of the same person again."""
    import ibis

    table = records.table
    where: Any = ibis.literal(0, type="int64")
    for i, name in enumerate(SITES):
        where = where + ibis.ifelse(table[name].fill_null(False), 2**i, 0)
    keyed = table.select(*SAME_EVENT, where=where)
    keys = [*SAME_EVENT, "where"]
    groups = keyed.group_by(keys).aggregate(times=keyed.count())
    again = groups.filter(groups.times > 1)
    n = whole(again.times.sum().execute())
    if not n:
        return []
    rows: tuple[int, ...] = ()
    if not is_spark(table):
        numbered = keyed.mutate(row=ibis.row_number())
        same = [numbered[key].identical_to(again[key]) for key in keys]
        listed = numbered.semi_join(again, same).row.as_table().order_by("row").limit(ROWS_LISTED).execute()
        rows = tuple(int(row) + FIRST_DATA_ROW for row in listed["row"])
    return [
        Problem(
            "E-DUPLICATE",
            records.name,
            "a source reports an event of a person once",
            "Remove the repeated rows, or add the column that tells them apart.",
            column="person_id",
            rows=rows,
            n_rows=records.rows,
            detail=f"{n:,} rows" if len(rows) < n else None,
        )
    ]


def _zeros_lost(records: Records) -> list[Problem]:
    """Identifiers of nine digits that mostly read like CHI numbers without their leading zero."""
    text = records.table.person_id
    told = records.table.aggregate(
        nine=text.re_search("^[0-9]{9}$").cast("int64").sum(),
        like=text.re_search(LOST_ZERO).cast("int64").sum(),
    ).execute()
    nine, like = (whole(told[name].iloc[0]) for name in ("nine", "like"))
    if not like or 2 * like <= nine:
        return []
    return [
        Problem(
            "E-IDENTIFIER",
            records.name,
            "pseudonyms must not look like CHI numbers that lost their leading zero (nine digits)",
            "Have the identifiers replaced by pseudonyms where the extract is made.",
            column="person_id",
            detail=f"{like:,} of {records.rows:,} rows",
        )
    ]


def _of_people(records: Records, definition: CaseDefinition | None) -> list[Problem]:
    """People in several areas of one source, and people with several tumours."""
    table = records.table
    people = table.group_by("person_id", "source").aggregate(
        areas=table.area_code.nunique(), tumours=table.primary_date.nunique()
    )
    told = people.aggregate(
        moved=(people.areas > 1).cast("int64").sum(), several=(people.tumours > 1).cast("int64").sum()
    ).execute()
    moved, several = (whole(told[name].iloc[0]) for name in ("moved", "several"))
    found = []
    if moved:
        found.append(
            Problem(
                "W-MOVED",
                records.name,
                "some people stand under several areas",
                "They count where they lived at the first metastatic diagnosis; see that the column says residence then.",
                column="area_code",
                detail=f"{moved:,} people",
                severity="warning",
            )
        )
    if several and definition is None:
        found.append(
            Problem(
                "E-COUNT-UNIT",
                records.name,
                "people with several tumours need a case definition, which counts persons",
                "Give a case definition.",
                column="primary_date",
                detail=f"{several:,} people",
            )
        )
    elif several:
        found.append(
            Problem(
                "W-SEVERAL-TUMOURS",
                records.name,
                "some people have several first tumours",
                "They are counted once, by the earliest; compare persons, not tumours, with other figures.",
                column="primary_date",
                detail=f"{several:,} people",
                severity="warning",
            )
        )
    return found


def _heaps(records: Records) -> list[Problem]:
    """Dates that fall on default days more than three times as often as by chance."""
    found = []
    for name in ("primary_date", "metastatic_date", "death_date"):
        n, heaped = _heaped(records.table, name)
        for words, k in heaped.items():
            if k >= FEWEST_IN_HEAP and k > HEAP_FACTOR * HEAPS[words] * n:
                found.append(
                    Problem(
                        "W-DATE-HEAP",
                        records.name,
                        f"many dates fall on {words}: they may stand for an unknown day",
                        "Ask the source; declare such dates as known to the month or year.",
                        column=name,
                        detail=f"{k:,} of {n:,} dates",
                        severity="warning",
                    )
                )
    return found


def _heaped(table: "ibis.Table", name: str) -> tuple[int, dict[str, int]]:
    """Dates known to the day, and how many of them fall on each default day."""
    day = table[name]
    beside = f"{name}_precision"
    exact = (table[beside] == "day") if beside in table.columns else day.notnull()
    exact = exact.fill_null(day.notnull()) & day.notnull()
    on = {
        "1 January": (day.month() == 1) & (day.day() == 1),
        "1 July": (day.month() == 7) & (day.day() == 1),
        "the 15th of a month": day.day() == 15,
    }
    told = (
        table.aggregate(
            n=exact.cast("int64").sum(),
            **{f"h{i}": (exact & hit).cast("int64").sum() for i, hit in enumerate(on.values())},
        )
        .execute()
        .iloc[0]
    )
    return whole(told["n"]), {words: whole(told[f"h{i}"]) for i, words in enumerate(on)}
