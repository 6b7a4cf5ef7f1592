"""Applying a mapping: a source's rows become rows of the schema, or every fault of the file is listed together."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.records.dates import parsed_by_any
from sbc_prevalence.records.engine import Records, is_spark
from sbc_prevalence.records.mapping import ColumnMapping, RecordMapping, SitesMapping, missing_columns
from sbc_prevalence.records.schema import SCHEMA, SITES

if TYPE_CHECKING:
    import ibis

ROWS_LISTED = 1000
FIRST_DATA_ROW = 2
BLANKS = " \t\r\n\u00a0"
FORMULA = "^[=+@\t\r]"
PATIENT_NUMBER = r"^[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}$"


@dataclass(frozen=True)
class Fault:
    """A rule that some rows may break: its words, and where it is broken."""

    code: str
    column: str
    broken: Any
    requirement: str
    remedy: str
    severity: str = "error"


def apply_mapping(records: Records, mapping: RecordMapping) -> Records:
    """Rows of the schema from the rows of a source.

    Parameters
    ----------
    records : Records
        As opened: texts, or columns with types (dates and numbers are then taken as they are).
    mapping : RecordMapping

    Returns
    -------
    Records
        All columns of the schema in order, with its types; columns that the source lacks are null.

    Raises
    ------
    DataError
        With every unmapped required column, absent source column, unknown word, unparsable date and empty required cell:
        counts and row numbers, never a value.
    """
    made, found = map_records(records, mapping)
    if made is None or any(p.severity == "error" for p in found):
        raise DataError(found)
    return made


def map_records(
    records: Records, mapping: RecordMapping, *, held: bool = False
) -> tuple[Records | None, list[Problem]]:
    """Rows of the schema with faulty cells empty, and every fault; no rows where columns are lacking.

    Parameters
    ----------
    records : Records
    mapping : RecordMapping
    held : bool
        Whether cells and faults are computed together, once, and held by the engine.
    """
    found = missing_columns(mapping)
    absent = [name for name in mapping.source_columns if name not in records.columns]
    found += [
        Problem(
            "E-COLUMN-MISSING",
            records.name,
            "a column that the mapping names must be in the file",
            "Correct the mapping or the file.",
            column=name,
        )
        for name in absent
    ]
    if records.rows == 0:
        found.append(
            Problem("E-EMPTY", records.name, "there must be rows", "Look whether the export was cut short.")
        )
    if found:
        return None, found
    table = records.table
    if held:
        texts = {name: _text(table[name]) for name in mapping.source_columns if table[name].type().is_string()}
        table = table.select(*mapping.source_columns).mutate(**texts).cache()
    columns, faults = mapped_columns(table, mapping, clean=held)
    if held:
        marks = {f"fault_{i}": fault.broken.fill_null(False) for i, fault in enumerate(faults)}
        table = table.select(**columns, **marks).cache()
        columns = {name: table[name] for name in columns}
        faults = [replace(fault, broken=table[name]) for name, fault in zip(marks, faults, strict=True)]
    found = problems_from(table, faults, records.name, records.rows)
    return Records(table.select(**columns), records.name, records.rows), found


def mapped_columns(
    table: "ibis.Table", mapping: RecordMapping, *, clean: bool = False
) -> tuple[dict[str, Any], list[Fault]]:
    """Expression of every column of the schema, and the faults to look for; `clean` texts have no blanks around them."""
    import ibis

    columns: dict[str, Any] = {name: ibis.null(spec.type) for name, spec in SCHEMA.items()}
    faults: list[Fault] = []
    for name, entry in mapping.columns.items():
        if entry.constant is not None:
            columns[name] = _constant(name, entry.constant)
            continue
        raw = table[str(entry.source_column)]
        if SCHEMA[name].type == "date":
            columns[name], precision, wrong = _dates(raw, entry, clean)
            faults += wrong
            beside = f"{name}_precision"
            if beside in SCHEMA and beside not in mapping.columns:
                columns[beside] = precision
        else:
            columns[name], several = _words(raw, entry, clean)
            faults += several
    if mapping.sites:
        made, wrong_sites = _listed_sites(table, mapping.sites, clean)
        columns |= {name: made[name] for name in SITES if name not in mapping.columns}
        faults.append(wrong_sites)
    for name, spec in SCHEMA.items():
        if spec.required and (entry := mapping.columns[name]).constant is None:
            raw = _text(table[str(entry.source_column)], clean)
            faults.append(
                Fault(
                    "E-MISSING",
                    name,
                    columns[name].isnull() & (raw == ""),
                    "every cell must be filled",
                    "Complete the records at their origin, or say what an empty cell means (blank).",
                )
            )
    return columns, faults


def problems_from(table: "ibis.Table", faults: list[Fault], where: str, n_rows: int) -> list[Problem]:
    """Problems of all faults that occur: one pass for the counts, and one for the rows of those that do."""
    if not faults:
        return []
    counts = (
        table.aggregate(
            **{f"f{i}": fault.broken.fill_null(False).cast("int64").sum() for i, fault in enumerate(faults)}
        )
        .execute()
        .iloc[0]
    )
    hits = [(fault, whole(counts[f"f{i}"])) for i, fault in enumerate(faults)]
    return [_problem(table, fault, n, where, n_rows) for fault, n in hits if n]


def whole(value: Any) -> int:
    """A sum that an engine returned: none, where it had nothing to add."""
    return 0 if value is None or value != value else int(value)


def _problem(table: "ibis.Table", fault: Fault, n: int, where: str, n_rows: int) -> Problem:
    import ibis

    rows: tuple[int, ...] = ()
    detail = f"{n:,} of {n_rows:,} rows" if n > ROWS_LISTED or is_spark(table) else None
    if not is_spark(table):
        bad = table.select(row=ibis.row_number(), bad=fault.broken.fill_null(False))
        listed = bad.filter(bad.bad).row.as_table().order_by("row").limit(ROWS_LISTED).execute()
        rows = tuple(int(row) + FIRST_DATA_ROW for row in listed["row"])
    return Problem(
        fault.code,
        where,
        fault.requirement,
        fault.remedy,
        column=fault.column,
        rows=rows,
        n_rows=n_rows,
        detail=detail,
        severity="warning" if fault.severity == "warning" else "error",
    )


def _text(raw: Any, clean: bool = False) -> Any:
    if clean and raw.type().is_string():
        return raw
    return stripped(raw.cast("string")).fill_null("")


def stripped(text: Any) -> Any:
    """A text without blanks around it. Not ``strip``: on Spark that of ibis 12 takes the letters f and v away too."""
    return text.re_replace(f"^[{BLANKS}]+|[{BLANKS}]+$", "")


def _constant(name: str, word: str) -> Any:
    import ibis

    kind = SCHEMA[name].type
    if kind == "date":
        return ibis.literal(word).cast("date")
    return ibis.literal(
        {"boolean": word == "true", "int64": int(word) if word.isdigit() else None}.get(kind, word), type=kind
    )


def _dates(raw: Any, entry: ColumnMapping, clean: bool) -> tuple[Any, Any, list[Fault]]:
    import ibis

    if raw.type().is_date() or raw.type().is_timestamp():
        day = raw.cast("date")
        told = ibis.ifelse(day.notnull(), "day", ibis.null("string"))
        return day, told, _times_of_day(raw, entry) if raw.type().is_timestamp() else []
    text = _text(raw, clean)
    blank = (text == "") | text.isin([*entry.sentinels])
    day, precision = parsed_by_any(text, entry.formats)
    day = ibis.ifelse(blank, ibis.null("date"), day)
    precision = ibis.ifelse(blank, ibis.null("string"), precision)
    return (
        day,
        precision,
        [
            Fault(
                "E-DATE",
                entry.column,
                ~blank & day.isnull(),
                f"dates must be days of the calendar in a declared format ({', '.join(entry.formats)})",
                "Declare the format, or list as sentinels the words that stand for no date.",
            )
        ],
    )


def _times_of_day(raw: Any, entry: ColumnMapping) -> list[Fault]:
    """Times beside a date: cut off and told; with a time zone they may turn midnight into the day before."""
    late = (raw.hour() != 0) | (raw.minute() != 0) | (raw.second() != 0)
    if raw.type().timezone is not None:
        return [
            Fault(
                "E-TIME-ZONE",
                entry.column,
                late,
                "dates must not be instants of a time zone: midnight of one is the day before in another",
                "Export the column as dates, as the clinic wrote them.",
            )
        ]
    return [
        Fault(
            "W-TIME-OF-DAY",
            entry.column,
            late,
            "times of day are cut off: the date is kept",
            "If the times are all 23:00 or 22:00, dates were shifted by a time zone: export them as dates.",
            "warning",
        )
    ]


def _words(raw: Any, entry: ColumnMapping, clean: bool) -> tuple[Any, list[Fault]]:
    import ibis

    spec, name = SCHEMA[entry.column], entry.column
    if spec.type == "boolean" and raw.type().is_boolean():
        return raw, []
    text = _text(raw, clean)
    blank = text == ""
    if spec.type == "int64":
        return _whole(text, blank, entry)
    if entry.values:
        word = ibis.cases(
            *[(text == key.strip(), value) for key, value in entry.values.items()], else_=ibis.null("string")
        )
    elif spec.allowed:
        word = ibis.ifelse(text.isin(list(spec.allowed)), text, ibis.null("string"))
    else:
        word = ibis.ifelse(blank, ibis.null("string"), text)
    told = ibis.literal(entry.blank, type="string")
    word = ibis.ifelse(blank, told, word)
    faults = []
    if entry.values or spec.allowed:
        faults.append(
            Fault(
                "E-WORD",
                name,
                ~blank & word.isnull(),
                "every word must be translated to one of the schema",
                "Add the words to values; those that mean nothing to this column become 'unknown' by your say.",
            )
        )
    else:
        faults.append(
            Fault(
                "E-FORMULA",
                name,
                text.re_search(FORMULA),
                "cells must not start like a formula",
                "Take the sign out at the origin.",
            )
        )
        faults.append(
            Fault(
                "E-IDENTIFIER",
                name,
                text.re_search(PATIENT_NUMBER),
                "texts must not be NHS or CHI numbers (ten digits); a person has a pseudonym",
                "Have the identifiers replaced by pseudonyms where the extract is made.",
            )
        )
    return (word == "true" if spec.type == "boolean" else word), faults


def _whole(text: Any, blank: Any, entry: ColumnMapping) -> tuple[Any, list[Fault]]:
    import ibis

    spec = SCHEMA[entry.column]
    digits = text.re_search(r"^[0-9]{1,4}$")
    number = ibis.ifelse(digits, ibis.ifelse(digits, text, "0").cast("int64"), ibis.null("int64"))
    inside = digits & number.between(spec.low, spec.high)
    value = ibis.ifelse(inside.fill_null(False), number, ibis.null("int64"))
    return value, [
        Fault(
            "E-RANGE",
            entry.column,
            ~blank & value.isnull(),
            f"numbers must be whole, {spec.low} to {spec.high}",
            "Correct the cells at their origin.",
        )
    ]


def _listed_sites(table: "ibis.Table", sites: SitesMapping, clean: bool) -> tuple[dict[str, Any], Fault]:
    """One boolean for each site, from a delimited list; null where nothing is listed."""
    import ibis

    text = _text(table[sites.source_column], clean)
    blank = text == ""
    codes = text.split(sites.separator).map(stripped)
    made = {}
    for name in SITES:
        wanted = [code for code, site in sites.values.items() if site == name]
        hits = [codes.contains(code) for code in wanted]
        there: Any = ibis.literal(False)
        for hit in hits:
            there = there | hit
        made[name] = ibis.ifelse(blank, ibis.null("boolean"), there)
    known = codes.filter(lambda code: code.isin(list(sites.values)))
    return made, Fault(
        "E-WORD",
        sites.source_column,
        ~blank & (known.length() < codes.length()),
        "every code in a list of sites must be translated",
        "Add it to sites.values, 'none' if it is no site.",
    )
