"""The record schema and its rules as a pandera schema that runs on the engine, without touching a cell from Python.

Pandera collects failing cells and puts them into its messages. Every check here asks for none of them
(``n_failure_cases=0``): the engine answers yes or no, and how many rows and which fail is asked by this package.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sbc_prevalence.records.apply import Fault
from sbc_prevalence.records.schema import SCHEMA, RecordColumn

if TYPE_CHECKING:
    import ibis
    from pandera.ibis import DataFrameSchema

NO_CELLS = 0


def record_schema() -> "DataFrameSchema":
    """Pandera schema of a table of records: types, filled cells, words and ranges of every column.

    Returns
    -------
    pandera.ibis.DataFrameSchema
        For ibis tables of any engine. Its checks return no cells.
    """
    import pandera.ibis as pa

    return pa.DataFrameSchema({name: _column(spec) for name, spec in SCHEMA.items()}, name="records")


def column_faults(table: "ibis.Table") -> list[Fault]:
    """What :func:`record_schema` demands of cells, as rules that rows can be counted by."""
    faults = []
    for name, spec in SCHEMA.items():
        if name not in table.columns:
            continue
        cell = table[name]
        if spec.required:
            faults.append(Fault("E-MISSING", name, cell.isnull(), "every cell must be filled",
                                "Complete the records at their origin."))
        if not _of_type(cell, spec):
            continue
        if spec.allowed:
            faults.append(Fault("E-WORD", name, ~cell.isin(list(spec.allowed)),
                                f"words are of {', '.join(spec.allowed)}", "Translate the words in a mapping."))
        if spec.low is not None and spec.high is not None:
            faults.append(Fault("E-RANGE", name, ~cell.between(spec.low, spec.high),
                                f"numbers must lie in {spec.low} to {spec.high}", "Correct the cells at their origin."))
    return faults


def wrong_types(table: "ibis.Table") -> list[str]:
    """Columns of the schema that have another type."""
    return [name for name, spec in SCHEMA.items() if name in table.columns and not _of_type(table[name], spec)]


def broken_rules(table: "ibis.Table", faults: Sequence[Fault]) -> list[Fault]:
    """Those of some rules that the table breaks, judged by pandera on the engine.

    Parameters
    ----------
    table : ibis.Table
    faults : sequence of Fault
        Rules whose expressions are of this table.
    """
    import pandera.ibis as pa

    checks = [pa.Check(_holds(fault), name=f"{i}", n_failure_cases=NO_CELLS) for i, fault in enumerate(faults)]
    failed: set[int] = set()
    try:
        pa.DataFrameSchema(checks=checks).validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        failed = {int(error.check.name) for error in errors.schema_errors}
    return [fault for i, fault in enumerate(faults) if i in failed]


def _holds(fault: Fault) -> Any:
    return lambda _: ~fault.broken.fill_null(False)


def _of_type(cell: Any, spec: RecordColumn) -> bool:
    kind = cell.type()
    return bool({"string": kind.is_string, "date": kind.is_date, "int64": kind.is_integer,
                 "boolean": kind.is_boolean}[spec.type]())


def _column(spec: RecordColumn) -> Any:
    import ibis.expr.datatypes as dt
    import pandera.ibis as pa

    types = {"string": dt.string, "date": dt.date, "int64": dt.int64, "boolean": dt.boolean}
    checks = []
    if spec.allowed:
        checks.append(pa.Check.isin(list(spec.allowed), n_failure_cases=NO_CELLS))
    if spec.low is not None and spec.high is not None:
        checks.append(pa.Check.in_range(spec.low, spec.high, n_failure_cases=NO_CELLS))
    return pa.Column(types[spec.type], checks, nullable=not spec.required)
