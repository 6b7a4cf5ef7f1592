"""Tables as read become evidence; the faults of all tables, and of how they fit together, come in one list."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sbc_prevalence.data import schemas
from sbc_prevalence.data.areas import check_codes
from sbc_prevalence.data.tables import Table
from sbc_prevalence.errors import DataError, InputError, Problem
from sbc_prevalence.evidence import consistency, slips
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.evidence.registry import from_table
from sbc_prevalence.grid import AREA_CODE, AreaSet

WRONG_CODE = frozenset({"E-AREA-CODE", "E-AREA-UNKNOWN", "E-AREA-SUPERSEDED", "E-AREA-MIXED",
                        "E-AREA-BOUNDARY"})
FROM_WRONG_CODE = frozenset({"E-AREA-YEAR-MISSING", "E-YEAR-GAP"})
"""Gaps that one mistyped area code makes: they cannot be told from real ones until the code is right."""

type Entry = tuple[str, Table, Mapping[str, Any]]


@dataclass(frozen=True)
class Gathered:
    """Evidence that is sound, and everything that can be said of the rest.

    Parameters
    ----------
    pieces : tuple of Evidence
    problems : tuple of Problem
        Errors and warnings.
    not_checked : tuple of str
        Checks that had to wait, in words.
    """

    pieces: tuple[Evidence, ...]
    problems: tuple[Problem, ...]
    not_checked: tuple[str, ...]


def gather(
    entries: Iterable[Entry],
    areas: AreaSet | None,
    *,
    tables_only: Iterable[Entry] = (),
    failed_kinds: Collection[str] = (),
    together: bool = True,
) -> Gathered:
    """Evidence from tables, each checked by itself and all that are sound against each other.

    Parameters
    ----------
    entries : iterable of (kind, Table, options)
    areas : AreaSet, optional
        Without them nothing that concerns areas is checked.
    tables_only : iterable of (kind, Table, options)
        Tables whose options are not known: they are checked, and no evidence is made of them.
    failed_kinds : collection of str
        Kinds that were given and could not be read: they are not called missing.
    together : bool
        Whether the pieces are checked against each other.
    """
    made: list[Evidence] = []
    found: list[Problem] = []
    waiting: list[str] = []
    failed = set(failed_kinds)
    for kind, table, options in entries:
        try:
            made.append(from_table(kind, table, **options))
            found += slips.conversions(kind, table)
        except InputError as error:
            failed.add(kind)
            found += _table_problems(kind, table, error.problems, areas, waiting)
    for kind, table, options in tables_only:
        failed.add(kind)
        _, problems = schemas.problems(table, kind, options.get("defaults"))
        found += _table_problems(kind, table, problems, areas, waiting)
    if together:
        found += consistency.problems(made, areas, failed_kinds=frozenset(failed))
        waiting += [f"how '{kind}' fits the other tables" for kind in sorted(failed)]
    found += EvidenceBundle(*made).warnings()
    return Gathered(tuple(made), tuple(distinct(found)), tuple(waiting))


def bundle_from_tables(entries: Iterable[Entry], areas: AreaSet | None = None) -> EvidenceBundle:
    """Bundle from tables as read, with the faults of all tables in one list.

    Parameters
    ----------
    entries : iterable of (kind, Table, options)
    areas : AreaSet, optional
        Areas of the study; with them the pieces are also checked against each other.

    Raises
    ------
    DataError
        With every fault of every table and of how they fit together.
    """
    found = gather(entries, areas, together=areas is not None)
    if any(p.severity == "error" for p in found.problems):
        raise DataError(found.problems, not_checked=found.not_checked)
    return EvidenceBundle(*found.pieces)


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Problems without those that name the same fault of the same rows a second time."""
    first: dict[tuple[object, ...], Problem] = {}
    for p in problems:
        words = () if p.rows else (p.requirement, p.detail)
        first.setdefault((p.code, p.where, p.column, p.key, p.rows, *words), p)
    return list(first.values())


def _table_problems(
    kind: str, table: Table, problems: Iterable[Problem], areas: AreaSet | None, waiting: list[str]
) -> list[Problem]:
    """Faults of a table and of its area codes, without those that follow from a wrong code."""
    found = list(problems)
    if areas is not None and kind not in consistency.FROM_ANYWHERE:
        unreadable = {row for p in found if p.code == "E-AREA-CODE" for row in p.rows}
        found += [p for p in _area_problems(kind, table, areas) if not p.rows or not set(p.rows) <= unreadable]
    totals = {row for p in found if p.code == "E-AREA-TOTAL" for row in p.rows}
    found = [p for p in found if p.code != "E-AREA-UNKNOWN" or not p.rows or not set(p.rows) <= totals]
    if not any(p.code in WRONG_CODE for p in found):
        return found
    kept = [p for p in found if p.code not in FROM_WRONG_CODE]
    if len(kept) < len(found):
        waiting.append(f"years that areas lack in {table.name}")
    return kept


def _area_problems(kind: str, table: Table, areas: AreaSet) -> list[Problem]:
    """Faults of the area codes of a table whose other columns are faulty."""
    raw = table.copy()
    raw.columns = pd.Index([str(c).strip().lower().replace(" ", "_") for c in raw.columns])
    if AREA_CODE not in raw.columns or not raw.columns.is_unique:
        return []
    return check_codes(raw, areas, where=table.name, kind=kind)
