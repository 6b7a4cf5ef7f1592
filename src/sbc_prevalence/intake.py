"""Reading everything that a configuration names before anything is refused: areas, tables, how they fit together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sbc_prevalence.config import EvidenceEntry, Readable
from sbc_prevalence.config.checks import SEX_OF_STUDY
from sbc_prevalence.config.sections import AreasSection
from sbc_prevalence.data.area_groups import with_groups, with_neighbours
from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.read import read_table
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import InputError, Problem
from sbc_prevalence.evidence import Evidence
from sbc_prevalence.evidence.gather import Entry, gather
from sbc_prevalence.grid import AreaSet

FROM_A_FAULTY_KEY = frozenset({"E-SOURCE-MISSING", "E-RISK-KIND"})
"""What a table seems to lack when the key that gives it is mistyped."""
NEEDED_BY_EVERY_MODEL = {
    "other_cause_mortality": "mortality from other causes by age",
    "primary_age_profile": "the ages at primary diagnosis",
}
NEEDED_BY_INCIDENCE = {
    "natural_history": {"primary_registrations": "primary registrations",
                        "distant_recurrence": "published risks of distant recurrence"},
    "smooth": {"population": "the population by area and year"},
}


@dataclass(frozen=True)
class Intake:
    """What was read, and everything that can be said against it.

    Parameters
    ----------
    areas : AreaSet or None
    pieces : tuple of Evidence
        Those that are sound by themselves.
    problems : tuple of Problem
        Errors and warnings of all tables and of how they fit together.
    not_checked : tuple of str
        Checks that had to wait, in words.
    """

    areas: AreaSet | None
    pieces: tuple[Evidence, ...]
    problems: tuple[Problem, ...]
    not_checked: tuple[str, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that stop a run."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Problems that stop nothing."""
        return tuple(p for p in self.problems if p.severity == "warning")


def take_in(source: Readable) -> Intake:
    """Read areas and tables, and check them by themselves and against each other.

    Parameters
    ----------
    source : Readable
        A sound configuration, or what can be read of a faulty one. Nothing is raised.
    """
    told = _Told(unread=set(source.unread))
    areas = None
    try:
        areas = None if source.areas is None else _read_areas(source, source.areas)
    except InputError as error:
        told.problems += error.problems
    entries = _read_entries(source, source.entries, told, source.numbers)
    tables_only = _read_entries(source, source.tables_only, told)
    lacking = _needed_by_model(source, told.unread | {kind for kind, _, _ in (*entries, *tables_only)})
    found = gather(entries, areas, tables_only=tables_only, failed_kinds=told.unread | set(lacking))
    told.problems += [_at_key(p, source, told) for p in found.problems
                      if p.where not in told.doubtful or p.code not in FROM_A_FAULTY_KEY]
    told.problems += lacking.values()
    waiting = [words for words in found.not_checked if not any(f"'{kind}'" in words for kind in lacking)]
    if areas is None:
        waiting.append("area codes against the areas of the study")
    return Intake(areas, found.pieces, tuple(told.problems), tuple(waiting))


def _at_key(problem: Problem, source: Readable, told: "_Told") -> Problem:
    """A fault of an option of one entry, told at its key in the configuration rather than at its table."""
    if problem.key is None or problem.column is not None:
        return problem
    for number, entry, table in told.read:
        if table == problem.where and problem.key.split(".")[0] in entry.OPTION_KEYS:
            return replace(problem, where=source.where, key=f"evidence[{number}].{problem.key}",
                           detail=problem.detail or f"[[evidence]] table number {number} of kind '{entry.kind}'")
    return problem


@dataclass
class _Told:
    """What was found on the way: problems, kinds whose tables cannot be read, tables of entries with a fault, and the
    number, entry and name of every table that was read."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    read: list[tuple[int, EvidenceEntry, str]] = field(default_factory=list)


def _read_areas(source: Readable, section: AreasSection) -> AreaSet:
    areas = _modelled_areas(source, section)
    if section.groups_table or section.groups_file:
        areas = with_groups(areas, _table(source, section.groups_table, section.groups_file, "groups of areas"))
    if section.neighbours_table or section.neighbours_file:
        areas = with_neighbours(areas, _table(source, section.neighbours_table, section.neighbours_file, "neighbours"))
    return areas


def _modelled_areas(source: Readable, section: AreasSection) -> AreaSet:
    if section.list is not None:
        return AreaSet(
            tuple(item.code for item in section.list), tuple(item.name for item in section.list),
            section.total_code, section.total_name, section.level or "area", section.total_level).sorted_by_code()
    table = _table(source, section.table, section.file, "areas")
    return area_set_from(table, total_code=section.total_code, total_name=section.total_name,
                         level=section.level, total_level=section.total_level)


def _read_entries(
    source: Readable, listed: Sequence[EvidenceEntry], told: _Told, numbers: Sequence[int] = ()
) -> list[Entry]:
    """Tables of some entries with their options; a table that cannot be read leaves its problems and its kind."""
    entries: list[Entry] = []
    for number, entry in zip(numbers or [0] * len(listed), listed, strict=True):
        try:
            table = _table(source, entry.table, entry.file, entry.label)
        except InputError as error:
            told.problems += error.problems
            told.unread.add(entry.kind)
            continue
        if stated := entry.provenance():
            table = replace(table, provenance=replace(table.provenance, **stated))
        if entry.file is None and entry.name:
            table = replace(table, name=entry.name)
        if entry.label in source.doubtful:
            told.doubtful.add(table.name)
        if number:
            told.read.append((number, entry, table.name))
        options: dict[str, Any] = {"defaults": entry.column_defaults(), **entry.options()}
        if "sex" in entry.OPTION_KEYS:
            options.setdefault("sex", SEX_OF_STUDY[source.model.men])
        entries.append((entry.kind, table, options))
    return entries


def _table(source: Readable, carried: str | None, file: str | None, label: str) -> Table:
    if carried is not None:
        return load_carried(carried)
    return read_table(source.directory / str(file), name=str(file), provenance=Provenance(name=label))


def _needed_by_model(source: Readable, given: set[str]) -> dict[str, Problem]:
    """Kinds that the chosen model cannot do without and that nobody gave, with the problem of each."""
    incidence = source.model.incidence
    by_incidence = NEEDED_BY_INCIDENCE[incidence]
    return {
        kind: Problem("E-KIND-MISSING", "evidence", f"needs {words}", f"Add an [[evidence]] entry of kind '{kind}'.",
                      detail=f"incidence is '{incidence}'" if kind in by_incidence else None)
        for kind, words in {**NEEDED_BY_EVERY_MODEL, **by_incidence}.items() if kind not in given}
