"""Strict reading of CSV: every cell stays text, nothing is guessed, every fault is reported."""

import csv
import io
from pathlib import Path

import pandas as pd

from sbc_prevalence.data.tables import Provenance, Table, row_numbers, sha256_of
from sbc_prevalence.errors import DataError, Problem

MAX_BYTES = 200 * 1024 * 1024


def read_table(path: str | Path, *, name: str | None = None, provenance: Provenance | None = None) -> Table:
    """Read a CSV file (UTF-8, comma, header in row 1) into a table of text.

    Nothing is converted: ``"NA"``, ``"0012"`` and ``"*"`` stay as they are; spaces around cells and column
    names are taken off; blank lines at the end are ignored.

    Parameters
    ----------
    path : path
    name : str, optional
        Name that messages use; the file's name otherwise.
    provenance : Provenance, optional
        Origin of the figures; its ``sha256`` is filled from the bytes read.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        If the file is absent, empty, larger than 200 MB, not UTF-8, holds NUL bytes, an unnamed or repeated
        column, rows of another length than the header, or no data rows. All faults that can be seen together
        are reported together, with file row numbers (the header is row 1).
    """
    path = Path(path)
    name = name or path.name
    if not path.is_file():
        raise DataError(Problem(
            "E-FILE", name, "the file does not exist",
            "Correct the path in the configuration; it is relative to the configuration file."))
    if path.stat().st_size > MAX_BYTES:
        raise DataError(Problem(
            "E-FILE-SIZE", name, "the file is larger than 200 MB",
            "Tabulate it first: this package takes counts by area and year, not single records."))
    return parse_table(path.read_bytes(), name=name, provenance=provenance)


def parse_table(content: bytes, *, name: str, provenance: Provenance | None = None) -> Table:
    """Same as :func:`read_table`, from bytes."""
    header, rows = _split(_decode(content, name), name)
    problems = _header_problems(header, name) + _row_problems(header, rows, name)
    if problems:
        raise DataError(problems)
    frame = pd.DataFrame(rows, columns=pd.Index(header), dtype=object)
    origin = provenance or Provenance(name=name)
    return Table(name=name, frame=frame, provenance=origin).with_provenance(sha256=sha256_of(content))


def _decode(content: bytes, name: str) -> str:
    if not content.strip():
        raise DataError(Problem("E-EMPTY", name, "the file is empty", "Give a CSV file with a header row."))
    if b"\x00" in content:
        raise DataError(Problem(
            "E-ENCODING", name, "the file holds NUL bytes: it is UTF-16 text, a spreadsheet or damaged",
            "Save it as 'CSV UTF-8'."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise DataError(Problem(
            "E-ENCODING", name, "the file is not UTF-8", "Save it as 'CSV UTF-8'.", rows=(row,))) from None


def _split(text: str, name: str) -> tuple[list[str], list[list[str]]]:
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise DataError(Problem(
            "E-CSV", name, "the file is not well-formed CSV: a quote is unclosed or stray",
            "Quote cells that hold commas or quotes, and double the quotes inside.")) from None
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    if not lines:
        raise DataError(Problem("E-EMPTY", name, "the file is empty", "Give a CSV file with a header row."))
    stripped = [[cell.strip() for cell in line] for line in lines]
    return stripped[0], stripped[1:]


def _header_problems(header: list[str], name: str) -> list[Problem]:
    problems = []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        problems.append(Problem(
            "E-CSV", name, "columns are parted by something other than a comma",
            "Save it as comma-separated CSV.", rows=(1,)))
    repeated = sorted({column for column in header if column and header.count(column) > 1})
    problems.extend(
        Problem("E-DUPLICATE-COLUMN", name, "the column name occurs more than once",
                "Rename or remove one of them.", column=column, rows=(1,))
        for column in repeated)
    if any(not column for column in header):
        problems.append(Problem(
            "E-COLUMN-NAME", name, "a column has no name",
            "Name it or remove it (a trailing comma adds one).", rows=(1,)))
    return problems


def _row_problems(header: list[str], rows: list[list[str]], name: str) -> list[Problem]:
    if not rows:
        return [Problem("E-EMPTY", name, "there is a header but no data row", "Add the figures.")]
    ragged = [i for i, row in enumerate(rows) if len(row) != len(header)]
    if not ragged:
        return []
    return [Problem(
        "E-RAGGED", name, f"every row must have the {len(header)} cells of the header",
        "Quote cells that hold commas; write a missing cell as nothing between two commas.",
        rows=row_numbers(ragged), n_rows=len(rows))]
