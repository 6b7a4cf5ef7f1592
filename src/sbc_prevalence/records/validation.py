"""Records before they are used: every fault of an extract in one report, with counts and row numbers, never a cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from sbc_prevalence.errors import DataError, Problem, count_of, numbered
from sbc_prevalence.records.across import across_problems
from sbc_prevalence.records.apply import Fault, map_records, problems_from
from sbc_prevalence.records.checks import DATES, rules
from sbc_prevalence.records.contract import broken_rules, column_faults, wrong_types
from sbc_prevalence.records.declared import declared_problems
from sbc_prevalence.records.definition import CaseDefinition
from sbc_prevalence.records.engine import Records, open_records, read_by_engine
from sbc_prevalence.records.mapping import RecordMapping, load_mapping
from sbc_prevalence.records.schema import SCHEMA

REPORT_COLUMNS = ("severity", "code", "column", "rows", "first_rows", "requirement", "remedy")
UNREAD = frozenset({"E-WORD", "E-DATE", "E-RANGE"})
"""Faults that leave a cell empty."""


@dataclass(frozen=True, repr=False)
class RecordReport:
    """What can be said against an extract. Shown by its numbers only.

    Parameters
    ----------
    name : str
        Of the records.
    n_rows : int
        Rows that were read.
    problems : tuple of Problem
        Errors, then warnings.
    records : Records or None
        Rows of the schema, where there is no error.
    """

    name: str
    n_rows: int
    problems: tuple[Problem, ...]
    records: Records | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What forbids the use of the records."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What stops nothing and should be looked at."""
        return tuple(p for p in self.problems if p.severity == "warning")

    def table(self) -> pd.DataFrame:
        """One line for each fault: ``severity``, ``code``, ``column``, ``rows`` (number where listed), ``first_rows``
        (of the file, the header is row 1), ``requirement``, ``remedy``."""
        lines = [(p.severity, p.code, p.column or p.key or "", len(p.rows) or None,
                  ", ".join(map(str, p.rows[:5])), p.requirement + (f"; {p.detail}" if p.detail else ""), p.remedy)
                 for p in self.problems]
        return pd.DataFrame(lines, columns=list(REPORT_COLUMNS)).astype({"rows": "Int64"})

    def or_raise(self) -> Records:
        """Sound records.

        Raises
        ------
        DataError
            With every fault, if there is an error.
        """
        if self.records is None:
            raise DataError(self.problems)
        return self.records

    def __str__(self) -> str:
        head = (f"{self.name}: {self.n_rows:,} rows, {count_of(self.errors, 'problem')}, "
                f"{count_of(self.warnings, 'thing')} to look at")
        return "\n".join([head, numbered(self.problems)]) if self.problems else head

    def __repr__(self) -> str:
        return (f"RecordReport(name={self.name!r}, n_rows={self.n_rows}, errors={len(self.errors)}, "
                f"warnings={len(self.warnings)})")


def validate_records(
    source: Any,
    *,
    mapping: RecordMapping | str | Path | None = None,
    definition: CaseDefinition | None = None,
    index_dates: Sequence[date | str] = (),
    data_cut: date | None = None,
    engine: Any = "duckdb",
    name: str | None = None,
) -> RecordReport:
    """Every fault of an extract of patient records, in one pass over the file's cells, rows and people.

    Parameters
    ----------
    source : Records, path, DataFrame, pyarrow.Table, ibis.Table or Spark DataFrame
        See :func:`sbc_prevalence.records.open_records`.
    mapping : RecordMapping or path, optional
        Of the columns of the source; without one the table must have those of the record schema.
    definition : CaseDefinition, optional
        Without one, what only it can say (whom to count, until when people were followed) is reported where the
        records call for it.
    index_dates : sequence of date
        Dates on which the living will be counted: the extract must reach them.
    data_cut : date, optional
        No date may lie after it; today without it.
    engine : {"duckdb", "spark"}, SparkSession or ibis backend
    name : str, optional
        Name that messages use.

    Returns
    -------
    RecordReport
        Its ``records`` are there where there is no error, computed once and held by the engine. No cell value is in it.

    Raises
    ------
    DataError
        If there is nothing that can be read at all.
    """
    read = source if isinstance(source, Records) else open_records(source, engine=engine, name=name)
    if isinstance(mapping, str | Path):
        mapping = load_mapping(mapping)
    days = tuple(day if isinstance(day, date) else date.fromisoformat(day) for day in index_dates)

    def looked_at() -> tuple[Records | None, list[Problem]]:
        mapped, found = (read, _shape_problems(read)) if mapping is None else map_records(
            read, mapping, held=True)
        if mapped is None or (mapping is None and found):
            return None, found
        mapped = mapped.cached() if mapping is None else mapped
        return mapped, found + _row_problems(mapped, data_cut or date.today()) + across_problems(
            mapped, definition) + declared_problems(mapped, definition, days)

    mapped, found = read_by_engine(looked_at, read.name)
    found = _distinct(found)
    ordered = [p for p in found if p.severity == "error"], [p for p in found if p.severity == "warning"]
    return RecordReport(read.name, read.rows, (*ordered[0], *ordered[1]), None if ordered[0] else mapped)


def _shape_problems(records: Records) -> list[Problem]:
    """Columns of the schema that a table given without a mapping lacks or has in another type."""
    found = [Problem("E-COLUMN-MISSING", records.name, "records must have every column of the schema",
                     "Give a mapping.", column=name) for name in SCHEMA if name not in records.columns]
    found += [Problem("E-TYPE", records.name, f"this column is of type {SCHEMA[name].type}", "Give a mapping.",
                      column=name) for name in wrong_types(records.table)]
    if records.rows == 0:
        found.append(Problem("E-EMPTY", records.name, "there must be rows", "Look whether the export was cut short."))
    return found


def _row_problems(records: Records, data_cut: date) -> list[Problem]:
    """Rules of cells and of single rows: pandera asks the engine which are broken, and these are counted."""
    table = records.table
    faults = [*column_faults(table), *rules(table), *_future(table, data_cut)]
    return problems_from(table, broken_rules(table, faults), records.name, records.rows)


def _future(table: Any, data_cut: date) -> list[Fault]:
    import ibis

    cut = ibis.literal(data_cut.isoformat()).cast("date")
    return [Fault("E-FUTURE", name, (table[name] > cut) & (table[name].year() <= 2100),
                  "no date lies after the day on which the data were cut off",
                  "Correct the dates at their origin, or declare those that stand for no date as sentinels.")
            for name in (*DATES, "extract_date")]


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Problems told once: a required cell that could not be read counts as unreadable, not also as missing."""
    first: dict[tuple[Any, ...], Problem] = {}
    for p in problems:
        first.setdefault((p.code, p.column, p.rows or p.detail), p)
    unread = {column: set(p.rows) for p in problems if p.code in UNREAD and (column := p.column)}
    return [p for p in first.values()
            if p.code != "E-MISSING" or p.column not in unread or not set(p.rows) <= unread[p.column]]
