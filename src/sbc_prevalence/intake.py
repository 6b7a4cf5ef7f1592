"""Reading everything that a configuration names before anything is refused: areas, tables, how they fit together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sbc_prevalence.config import EvidenceEntry, Readable
from sbc_prevalence.config.checks import SEX_OF_STUDY
from sbc_prevalence.config.sections import AreasSection
from sbc_prevalence.data.area_groups import with_groups, with_neighbours
from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.read import read_table
from sbc_prevalence.data.tables import Provenance, Table, sha256_of
from sbc_prevalence.errors import DataError, InputError, Problem
from sbc_prevalence.evidence import Evidence
from sbc_prevalence.evidence.gather import Entry, gather
from sbc_prevalence.grid import AreaSet

if TYPE_CHECKING:
    from sbc_prevalence.records.supply import RecordsAccount, RecordSupply

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
    records : RecordsAccount, optional
        What was done with patient records, in counts.
    """

    areas: AreaSet | None
    pieces: tuple[Evidence, ...]
    problems: tuple[Problem, ...]
    not_checked: tuple[str, ...]
    records: "RecordsAccount | None" = None

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
    supply = _supply(source, areas, told)
    entries = _read_entries(source, source.entries, told, source.numbers, supply)
    tables_only = _read_entries(source, source.tables_only, told)
    lacking = _needed_by_model(source, told.unread | {kind for kind, _, _ in (*entries, *tables_only)})
    found = gather(entries, areas, tables_only=tables_only, failed_kinds=told.unread | set(lacking))
    told.problems += [_at_key(p, source, told) for p in found.problems
                      if p.where not in told.doubtful or p.code not in FROM_A_FAULTY_KEY]
    told.problems += lacking.values()
    waiting = [words for words in found.not_checked if not any(f"'{kind}'" in words for kind in lacking)]
    if areas is None:
        waiting.append("area codes against the areas of the study")
    if supply is not None:
        told.problems += supply.warnings
    account = None if supply is None or any(p.severity == "error" for p in told.problems) else supply.account()
    return Intake(areas, found.pieces, tuple(told.problems), tuple(waiting), account)


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
    source: Readable, listed: Sequence[EvidenceEntry], told: _Told, numbers: Sequence[int] = (),
    supply: "RecordSupply | None" = None,
) -> list[Entry]:
    """Tables of some entries with their options; a table that cannot be read leaves its problems and its kind."""
    entries: list[Entry] = []
    for number, entry in zip(numbers or [0] * len(listed), listed, strict=True):
        try:
            if entry.records is not None:
                table = _counted(entry, supply)
            else:
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


def _supply(source: Readable, areas: AreaSet | None, told: _Told) -> "RecordSupply | None":
    """Patient records of the study, opened when an entry first asks for them; None where there are none to read."""
    if source.records is None or areas is None:
        return None
    from sbc_prevalence.records.definition import CaseDefinition
    from sbc_prevalence.records.mapping import load_mapping, preset
    from sbc_prevalence.records.supply import Extract, RecordSupply

    section, extracts = source.records, []
    for name, given in section.sources.items():
        try:
            mapping = preset(given.preset) if given.preset else load_mapping(source.directory / str(given.mapping))
            if given.extract_date is not None:
                mapping = mapping.with_constants(extract_date=given.extract_date)
            extracts.append(Extract(name, source.directory / given.file, mapping, given.table, given.delimiter))
        except InputError as error:
            told.problems += error.problems
    if len(extracts) < len(section.sources):
        return None
    definition = CaseDefinition(
        window_days=source.model.window_days, sex=SEX_OF_STUDY[source.model.men], followed_to=section.followed_to,
        ambiguous=section.ambiguous, unknown_presentation=section.unknown_presentation,
        unknown_status=section.unknown_status)
    return RecordSupply(extracts, definition, section.link, section.engine, areas.codes, areas.total_code)


def _counted(entry: EvidenceEntry, supply: "RecordSupply | None") -> Table:
    """The table of an entry that is made from records."""
    made = entry.records
    if supply is None or made is None:
        raise DataError([])
    from sbc_prevalence.records.supply import Wanted

    frame = supply.table(Wanted(
        entry.kind, made.sources, made.years, made.areas, made.presentations == "apart", made.entry, made.period_years))
    table = Table.from_frame(frame, name=entry.label, provenance=Provenance(name=entry.label))
    return table.with_provenance(
        title=f"counted from patient records of {' + '.join(made.sources)}",
        sha256=sha256_of(table.frame.to_csv(index=False).encode()))


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
