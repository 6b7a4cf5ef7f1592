"""Schemas of the tidy tables: text in, a typed frame out, or every fault of the table in one list.

Cells are checked by pandera, lazily; its failure cases become problems with file row numbers and no cell
values. What needs several rows at once (duplicates, totals among parts, gaps) is in
:mod:`sbc_prevalence.data.checks`.
"""

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa

from sbc_prevalence.data import cells, checked, checks, columns, plausibility
from sbc_prevalence.data.kinds import SCHEMAS, TableSchema
from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.tables import Table, row_numbers
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AS_OF, COUNT, COUNT_LOWER, COUNT_STATUS, COUNT_UPPER, SOURCE

WRONG_NAME = frozenset({"E-COLUMN-UNKNOWN", "E-COLUMN-MISSING", "E-COLUMN-DUPLICATE"})
DID_YOU_MEAN = "did you mean"

__all__ = ["SCHEMAS", "TableSchema", "check", "pandera_schema", "problems"]


def problems(
    table: Table,
    kind: str,
    defaults: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Typed frame of a table and every fault found in it; the frame is None if there is any fault.

    Parameters
    ----------
    table : Table
        Raw rows of text.
    kind : str
        One of :data:`SCHEMAS`.
    defaults : mapping of str to str, optional
        Text for whole columns that the table lacks, e.g. ``source`` and ``as_of``. The provenance of the
        table stands in for these two.

    Returns
    -------
    frame : pandas.DataFrame or None
        Columns of the schema that are present, in its order; counts as ``count`` (Int64, NA for an interval),
        ``count_lower``, ``count_upper`` (int64) and ``count_status``. Rows keep their order.
    problems : list of Problem
        With warnings, where the table is refused; those of a sound table are the bundle's.
    """
    schema, where = SCHEMAS[kind], table.name
    text, found = _named_columns(table, schema, defaults or {})
    if text.empty:
        return None, [*found, problem("E-EMPTY", where)]
    faults, missing = _cell_faults(text, kind, where)
    found += missing
    meant = {p.detail for p in found if p.code == "E-COLUMN-UNKNOWN"}
    found = [p for p in found if p.code != "E-COLUMN-MISSING" or f"{DID_YOU_MEAN} '{p.column}'?" not in meant]
    numeric_rates = _rate_columns(text, schema)
    for name in text.columns:
        found += _cell_problems(where, name, schema.columns[name], faults[name], name in numeric_rates)
    frame = pd.DataFrame(
        {name: schema.columns[name].typed(text[name].where(faults[name] == "", "")) for name in text.columns}
    )
    typed = checked.Checked(kind, where, frame, faults)
    if schema.counted:
        found += checks.count_form(typed)
    if not any(p.code in WRONG_NAME for p in found):  # rows may be alike for want of the column that tells them apart
        found += checks.duplicates(typed, schema.key)
    for check_rows in schema.checks:
        found += check_rows(typed)
    if found:
        return None, found + plausibility.jumps(kind, where, frame)
    return _finished(frame, schema), []


def check(table: Table, kind: str, *, defaults: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Typed frame of a table: see :func:`problems`.

    Raises
    ------
    DataError
        With every fault of the table: code, file, column, file row numbers, requirement and remedy, and never
        the value of a cell.
    """
    frame, found = problems(table, kind, defaults)
    if frame is None:
        raise DataError(found)
    return frame


@cache
def pandera_schema(kind: str) -> pa.DataFrameSchema:
    """Pandera schema of the text cells of a kind: one check per column."""

    def column(spec: columns.ColumnSpec) -> pa.Column:
        def sound(texts: "pd.Series[Any]") -> "pd.Series[Any]":
            return texts.map({text: not spec.fault(text) for text in texts.unique()}).astype(bool)

        return pa.Column(object, pa.Check(sound, name="cell"), required=spec.required)

    return pa.DataFrameSchema({name: column(spec) for name, spec in SCHEMAS[kind].columns.items()})


def _named_columns(
    table: Table,
    schema: TableSchema,
    defaults: Mapping[str, str],
) -> tuple[pd.DataFrame, list[Problem]]:
    """Raw columns under the names of the schema, defaults filled in; unknown or repeated names reported."""
    where, found = table.name, []
    text = table.copy().reset_index(drop=True)
    names = [str(name).strip().lower().replace(" ", "_") for name in text.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    found += [problem("E-COLUMN-DUPLICATE", where, column=name) for name in repeated]
    text.columns = pd.Index(names)
    text = text.loc[:, ~text.columns.duplicated()]
    for name in text.columns.difference(list(schema.columns), sort=False):
        near = difflib.get_close_matches(name, list(schema.columns), n=1, cutoff=0.6)
        detail = f"{DID_YOU_MEAN} '{near[0]}'?" if near else f"known columns: {', '.join(schema.columns)}"
        shown = name if not any(c.isdigit() for c in name) else None
        found.append(problem("E-COLUMN-UNKNOWN", where, column=shown, detail=detail))
    may_lack = {name for name, spec in schema.columns.items() if not spec.required} | {SOURCE, AS_OF}
    empty = [
        name for name in text.columns if name in may_lack and not text[name].astype(str).str.strip().any()
    ]
    counted = {COUNT, COUNT_LOWER} & set(text.columns)
    unused = [name for name in empty if {name} != counted]  # a template's columns that were left empty
    text = text[[name for name in schema.columns if name in text.columns and name not in unused]].copy()
    origin = {SOURCE: table.provenance.source, AS_OF: table.provenance.as_of}
    for name in schema.columns:
        default = defaults.get(name) or origin.get(name, "")
        if name not in text.columns and default:
            text[name] = default
    absent = [name for name in (SOURCE, AS_OF) if name not in text.columns]
    if absent:
        found.append(problem("E-SOURCE-MISSING", where, column=absent[0]))
    if schema.counted and COUNT not in text.columns and COUNT_LOWER not in text.columns:
        found.append(problem("E-COLUMN-MISSING", where, column=COUNT))
    if "risk_kind" in schema.columns and "risk_kind" not in text.columns:
        found.append(problem("E-RISK-KIND", where, column="risk_kind"))
    return text.astype(object), found


def _cell_faults(
    text: pd.DataFrame, kind: str, where: str
) -> tuple[dict[str, "pd.Series[Any]"], list[Problem]]:
    """Fault code of every cell by column (``""`` when sound), and the columns that are missing."""
    faults = {name: pd.Series("", index=text.index, dtype=object) for name in text.columns}
    missing: list[str] = []
    try:
        pandera_schema(kind).validate(text, lazy=True)
    except pa.errors.SchemaErrors as error:
        for case in error.failure_cases.itertuples():
            if case.check == "column_in_dataframe":
                missing.append(str(case.failure_case))
            else:
                name, row = str(case.column), case.index
                faults[name].at[row] = SCHEMAS[kind].columns[name].fault(str(text.at[row, name]))
    told = {SOURCE, AS_OF, "risk_kind"}
    return faults, [problem("E-COLUMN-MISSING", where, column=name) for name in missing if name not in told]


def _rate_columns(text: pd.DataFrame, schema: TableSchema) -> frozenset[str]:
    """Count columns whose numbers look like rates: mostly fractions, or all below one and not all zero."""
    found = set()
    for name in (COUNT, COUNT_LOWER, COUNT_UPPER, "n_known", "n_found", "population"):
        if name in schema.columns and name in text.columns:
            plain = [float(t.strip()) for t in text[name] if not cells.number_fault(t)]
            fractions = sum(value != int(value) for value in plain)
            if plain and (fractions > len(plain) / 2 or 0 < max(plain) < 1):
                found.add(name)
    return frozenset(found)


def _cell_problems(
    where: str,
    name: str,
    spec: columns.ColumnSpec,
    faults: "pd.Series[Any]",
    rates: bool,
) -> list[Problem]:
    """One problem for each code that occurs in a column."""
    if rates:
        faults = faults.replace("E-FRACTION", "E-RATE")
    found = []
    for code in dict.fromkeys(c for c in faults if c):
        rows = row_numbers(faults.index[faults == code])
        detail = spec.says if code in ("E-RANGE", "E-CHOICE") else None
        if code == "E-MISSING" and name == "risk_kind":
            code = "E-RISK-KIND"
        found.append(problem(code, where, column=name, rows=rows, n_rows=len(faults), detail=detail))
    return found


def _finished(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Sound frame in its final types: full integer columns as int64, all forms of a count."""
    frame = frame.copy()
    if schema.counted:
        lower, upper, status = checked.bounds_of(frame)
        frame[COUNT] = lower.where(lower == upper)
        frame[COUNT_LOWER], frame[COUNT_UPPER], frame[COUNT_STATUS] = lower, upper, status
    for name in frame.columns:
        if frame[name].dtype == "Int64" and name != COUNT and not frame[name].isna().any():
            frame[name] = frame[name].astype("int64")
    return frame[[name for name in schema.columns if name in frame.columns]].reset_index(drop=True)
