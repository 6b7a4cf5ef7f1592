"""The tables that the package carries: names, kinds, contents, and what each rests on."""

import difflib
import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from sbc_prevalence.data.read import parse_table
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import DataError, Problem

PREFIX = "carried:"
"""How a configuration names a carried table: ``carried:scotland_deaths``."""


def carried_tables(kind: str | None = None) -> tuple[str, ...]:
    """Names of the carried tables, sorted; with a kind, only those of that kind."""
    entries = _entries()
    return tuple(sorted(name for name, entry in entries.items() if kind in (None, entry["kind"])))


@dataclass(frozen=True)
class Carried:
    """One line of the catalogue of carried tables.

    Parameters
    ----------
    name, kind : str
    rows : int
    years : str
        Calendar years of the figures, ``"1992-2020"``; empty for a table without years.
    columns : tuple of str
    provenance : Provenance
    """

    name: str
    kind: str
    rows: int
    years: str
    columns: tuple[str, ...]
    provenance: Provenance


def describe_carried(name: str) -> Carried:
    """What a carried table is: kind, rows, years, columns, origin.

    Raises
    ------
    DataError
        If no table has that name.
    """
    table, bare = load_carried(name), _bare(name)
    frame = table.frame
    years = sorted(frame.loc[frame["year"] != "", "year"].astype(int)) if "year" in frame.columns else []
    span = "" if not years else str(years[0]) if years[0] == years[-1] else f"{years[0]}-{years[-1]}"
    return Carried(bare, carried_kind(bare), len(table), span, tuple(map(str, frame.columns)), table.provenance)


def carried_csv(name: str) -> str:
    """A carried table as the package has it: CSV text, to start a table of one's own from.

    Raises
    ------
    DataError
        If no table has that name.
    """
    _entry(name)
    return _folder().joinpath(f"{_bare(name)}.csv").read_text(encoding="utf-8")


def carried_kind(name: str) -> str:
    """Kind of a carried table, e.g. ``"deaths"``.

    Raises
    ------
    DataError
        If no table has that name.
    """
    return str(_entry(name)["kind"])


def load_carried(name: str) -> Table:
    """A carried table, every cell as text, with its provenance and the hash of its bytes.

    Parameters
    ----------
    name : str
        One of :func:`carried_tables`; the prefix ``carried:`` may stand before it.

    Raises
    ------
    DataError
        If no table has that name (the nearest one is named).
    """
    entry, name = _entry(name), _bare(name)
    content = _folder().joinpath(f"{name}.csv").read_bytes()
    return parse_table(content, name=f"{PREFIX}{name}", provenance=_provenance(name, entry))


def provenance(name: str) -> Provenance:
    """Provenance of a carried table without reading it (its ``sha256`` is empty)."""
    return _provenance(_bare(name), _entry(name))


def citation(name: str) -> str:
    """Publisher, year, title, date and licence of a carried table in one line."""
    return provenance(name).citation()


def _folder() -> Traversable:
    return resources.files("sbc_prevalence.data").joinpath("carried")


def _entries() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_folder().joinpath("catalogue.toml").read_text(encoding="utf-8"))


def _bare(name: str) -> str:
    return name.removeprefix(PREFIX)


def _entry(name: str) -> dict[str, Any]:
    entries, bare = _entries(), _bare(name)
    if bare not in entries:
        near = difflib.get_close_matches(bare, entries, n=1, cutoff=0.5)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise DataError(Problem(
            "E-CARRIED", f"{PREFIX}{bare}", "the package carries no table of this name",
            f"{hint}Carried tables: {', '.join(sorted(entries))}."))
    return entries[bare]


def _provenance(name: str, entry: dict[str, Any]) -> Provenance:
    derived = entry["derived_from"]
    return Provenance(
        name=name, title=entry["title"], publisher=entry["publisher"], year=str(entry["year"]),
        licence=entry["licence"], source=entry["source"], as_of=str(entry["as_of"]), note=entry["note"],
        derived_from=", ".join(derived) if isinstance(derived, list) else str(derived))
