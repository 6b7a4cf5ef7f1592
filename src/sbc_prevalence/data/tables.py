"""A table as it was read, and where it comes from. Frozen; no statistics."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from sbc_prevalence.errors import DataError, Problem

FIRST_DATA_ROW = 2


@dataclass(frozen=True)
class Provenance:
    """Where a table comes from: enough to cite it and to notice that it changed.

    Parameters
    ----------
    name : str
        Name of the table or file, e.g. ``"scotland_deaths"``.
    title : str
        What its publisher calls it.
    publisher : str
        Who published the figures.
    year : str
        Year (or years) of publication, as words; empty when unknown.
    licence : str
        Terms of use.
    source : str
        Short name of the source, as it is printed in tables.
    as_of : str
        ISO date on which the figures were extracted or published.
    note : str
        What a reader must know: what is left out, what was derived.
    sha256 : str
        Hash of the bytes that were read; empty for a table built in memory.
    derived_from : str
        File or files of published figures that a carried table was made from.
    """

    name: str
    title: str = ""
    publisher: str = ""
    year: str = ""
    licence: str = ""
    source: str = ""
    as_of: str = ""
    note: str = ""
    sha256: str = ""
    derived_from: str = ""

    def citation(self) -> str:
        """One sentence that names publisher, title, year and licence; unknown parts are left out."""
        head = self.publisher or self.source or self.name
        year = f" ({self.year})" if self.year else ""
        text = f"{head}{year}. {self.title or self.name}."
        if self.as_of:
            text += f" As of {self.as_of}."
        if self.licence:
            text += f" {self.licence}."
        return text


@dataclass(frozen=True)
class Table:
    """Raw rows of text with their origin.

    Parameters
    ----------
    name : str
        Name that messages use: the file or the carried table.
    frame : pandas.DataFrame
        Every cell a text exactly as read (missing is ``""``), index 0..n-1, unique column names.
        File row number of index ``i`` is ``i + 2``. Nobody changes it: use :meth:`copy`.
    provenance : Provenance

    Raises
    ------
    DataError
        If column names repeat or the index is not 0..n-1.
    """

    name: str
    frame: pd.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance(name="unnamed"))

    def __post_init__(self) -> None:
        problems = []
        if not self.frame.columns.is_unique:
            problems.append(Problem(
                "E-DUPLICATE-COLUMN", self.name, "a column name occurs more than once",
                "Rename one of them."))
        if not self.frame.index.equals(pd.RangeIndex(len(self.frame))):
            problems.append(Problem(
                "E-INDEX", self.name, "rows must be numbered 0 to n-1", "Call reset_index(drop=True)."))
        if problems:
            raise DataError(problems)

    @classmethod
    def from_frame(cls, frame: Any, *, name: str, provenance: Provenance | None = None) -> "Table":
        """Table of text from any data frame (pandas, or whatever ``pandas.DataFrame`` takes).

        Whole numbers held as floats because of a gap are written without ``.0``; missing values become
        ``""``.
        """
        data = frame.to_pandas() if hasattr(frame, "to_pandas") else pd.DataFrame(frame)
        text = pd.DataFrame({column: _as_text(data[column]) for column in data.columns}) \
            if data.columns.is_unique else data
        text = text.reset_index(drop=True)
        return cls(name=name, frame=text, provenance=provenance or Provenance(name=name))

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Table(name={self.name!r}, rows={len(self.frame)}, columns={list(self.frame.columns)})"

    def copy(self) -> pd.DataFrame:
        """A copy of the raw rows that the caller may change."""
        return self.frame.copy()

    def with_provenance(self, **changes: str) -> "Table":
        """Same rows, provenance fields replaced."""
        return replace(self, provenance=replace(self.provenance, **changes))


def row_numbers(index: Any) -> tuple[int, ...]:
    """File row numbers (the header is row 1) of positions 0..n-1."""
    return tuple(int(i) + FIRST_DATA_ROW for i in index)


def sha256_of(content: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _as_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    def one(value: Any) -> str:
        if value is None or value is pd.NA or value is pd.NaT:
            return ""
        if isinstance(value, float) and value != value:
            return ""
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        if isinstance(value, pd.Timestamp):
            return value.date().isoformat() if value == value.normalize() else value.isoformat()
        return str(value)

    return pd.Series([one(v) for v in column.tolist()], dtype=object)
