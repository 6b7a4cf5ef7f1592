"""From extracts of patient records to the tables that evidence is made from, each extract read and checked once.

What leaves this module are counts, hashes of files and words: no row, no path, no identifier.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import AREA_CODE, COUNT, PRESENTATION
from sbc_prevalence.records import tabulate
from sbc_prevalence.records.definition import CaseDefinition, Cases, define_cases
from sbc_prevalence.records.engine import Records, backend, open_records
from sbc_prevalence.records.link import LinkedCases, Rule, link_sources
from sbc_prevalence.records.mapping import RecordMapping
from sbc_prevalence.records.validation import validate_records

Areas = Literal["apart", "together"]
BLOCK = 1 << 20


@dataclass(frozen=True)
class Extract:
    """One file of records and what its columns mean.

    Parameters
    ----------
    name : str
        Of the source; its rows carry it.
    path : Path
        A file, or a pattern of several Parquet files.
    mapping : RecordMapping
    table : str, optional
        Table of a DuckDB file.
    delimiter : str
    """

    name: str
    path: Path
    mapping: RecordMapping
    table: str | None = None
    delimiter: str = ","

    def sha256(self) -> str:
        """Hash of the bytes of the file, or of all files of the pattern in order of their names."""
        digest = hashlib.sha256()
        for path in self._files():
            with path.open("rb") as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
        return digest.hexdigest()

    def _files(self) -> list[Path]:
        if self.path.is_dir():
            return sorted(path for path in self.path.rglob("*") if path.is_file())
        return [self.path] if self.path.is_file() else sorted(self.path.parent.glob(self.path.name))


@dataclass(frozen=True)
class Wanted:
    """One table that is wanted of the records; see `sbc_prevalence.config.records.FromRecords`.

    Parameters
    ----------
    kind : str
        Kind of evidence.
    sources : tuple of str
    years : (int, int), optional
    areas : {"apart", "together"}
    by_presentation : bool
    entry : {"registration", "diagnosis"}, optional
    period_years : int
    """

    kind: str
    sources: tuple[str, ...]
    years: tuple[int, int] | None = None
    areas: Areas = "apart"
    by_presentation: bool = True
    entry: Literal["registration", "diagnosis"] | None = None
    period_years: int = 1


@dataclass(frozen=True)
class RecordsAccount:
    """What was done with the records, in counts.

    Parameters
    ----------
    attrition : DataFrame
        ``source``, ``rule``, ``meaning``, ``removed``, ``remaining``, ``persons``: how many rows each rule of the case
        definition removed, by source. Empty where no evidence needed cases.
    disagreements : DataFrame
        ``fact``, ``in_several``, ``disagree``: people in several sources whose facts differ. Empty where nobody was
        linked.
    sha256 : mapping of str to str
        Hash of every extract, by source.
    titles : mapping of str to str
        What each mapping calls its source.
    words : str
        What became evidence, in a sentence.
    warnings : tuple of Problem
        Of single rows: for whoever keeps the records, and no part of a report.
    """

    attrition: pd.DataFrame
    disagreements: pd.DataFrame
    sha256: Mapping[str, str]
    titles: Mapping[str, str]
    words: str
    warnings: tuple[Problem, ...] = ()


@dataclass(eq=False, repr=False)
class RecordSupply:
    """Extracts of a study, opened when they are first needed and held by their engine.

    Parameters
    ----------
    extracts : sequence of Extract
    definition : CaseDefinition
    link : {"earliest", "highest_rank", "most_precise"}, optional
    engine : str
    codes : tuple of str
        Modelled areas. Whoever lives elsewhere is refused, as they cannot be placed.
    total_code : str
        Code of all areas together.
    """

    extracts: Sequence[Extract]
    definition: CaseDefinition
    link: Rule | None
    engine: str
    codes: tuple[str, ...]
    total_code: str
    warnings: list[Problem] = field(default_factory=list)
    _mapped: dict[str, Records] = field(default_factory=dict)
    _cases: dict[str, Cases] = field(default_factory=dict)
    _linked: dict[tuple[str, ...], LinkedCases] = field(default_factory=dict)
    _faulty: set[str] = field(default_factory=set)
    _told: list[str] = field(default_factory=list)
    _backend: Any = None

    def table(self, wanted: Wanted) -> pd.DataFrame:
        """Counts of one kind.

        Raises
        ------
        DataError
            With every fault of the extracts that are needed; one whose faults were told already raises without any.
        """
        made = self._made(wanted)
        self._told.append(f"{wanted.kind.replace('_', ' ')} ({' + '.join(wanted.sources)})")
        if AREA_CODE in made.columns and wanted.areas == "together":
            keys = [name for name in made.columns if name not in (AREA_CODE, *_sums(made))]
            made = made.groupby(keys, as_index=False, sort=False)[_sums(made)].sum()
            made[AREA_CODE] = self.total_code
        return made

    def _made(self, wanted: Wanted) -> pd.DataFrame:
        kind, areas = wanted.kind, self.codes
        if kind in ("primary_registrations", "deaths"):
            counted = tabulate.first_tumours if kind == "primary_registrations" else tabulate.certified_deaths
            return counted(self.mapped(wanted.sources[0]), years=_years(wanted), sex=self.definition.sex, areas=areas)
        by = (PRESENTATION,) if wanted.by_presentation else ()
        if kind == "overlapping_lists":
            return tabulate.overlapping_lists(self.linked(wanted.sources), years=_years(wanted), by=by, areas=areas)
        cases = self.cases(wanted.sources[0]) if len(wanted.sources) == 1 else self.linked(wanted.sources)
        if kind == "life_table_cells":
            found = tabulate.life_table_cells(
                cases, entry=wanted.entry or "registration", years=wanted.years, period_years=wanted.period_years)
        else:
            makers: dict[str, Callable[..., pd.DataFrame]] = {
                "registrations": tabulate.registrations, "reporting_triangle": tabulate.reporting_triangle,
                      "death_certificate_cases": tabulate.death_certificate_cases}
            found = makers[kind](cases, years=_years(wanted), by=by, areas=areas)
        return found if len(wanted.sources) == 1 else found.assign(source=" + ".join(wanted.sources))

    def mapped(self, name: str) -> Records:
        """Rows of one source in the schema, checked."""
        if name not in self._mapped:
            if name in self._faulty:
                raise DataError([])
            try:
                self._mapped[name] = self._opened(next(extract for extract in self.extracts if extract.name == name))
            except DataError:
                self._faulty.add(name)
                raise
        return self._mapped[name]

    def _opened(self, extract: Extract) -> Records:
        if self._backend is None:
            self._backend = backend(self.engine)
        rows = open_records(extract.path, engine=self._backend, name=f"records of {extract.name}", table=extract.table,
                            delimiter=extract.delimiter)
        report = validate_records(
            rows, mapping=extract.mapping.with_constants(source=extract.name), definition=self.definition)
        mapped = report.or_raise()
        self.warnings += report.warnings
        return mapped

    def cases(self, name: str) -> Cases:
        """Cases of one source."""
        if name not in self._cases:
            self._cases[name] = define_cases(self.mapped(name), self.definition).cached()
        return self._cases[name]

    def linked(self, names: tuple[str, ...]) -> LinkedCases:
        """People of several sources, each once."""
        if names not in self._linked:
            self._all_opened(names)
            every = [self.cases(name) for name in names]
            table = reduce(lambda one, two: one.union(two), [cases.table for cases in every])
            attrition = pd.concat([cases.attrition for cases in every], ignore_index=True)
            together = Cases(table, " + ".join(names), sum(c.rows for c in every), self.definition, attrition)
            self._linked[names] = link_sources(together, rule=self.link or "most_precise", sources=names).cached()
        return self._linked[names]

    def _named(self) -> list[str]:
        """Sources that were read, with what their mappings call them."""
        return [f"{one.name} ({one.mapping.title})" if one.mapping.title else one.name
                for one in self.extracts if one.name in self._mapped]

    def _all_opened(self, names: tuple[str, ...]) -> None:
        """Open several sources; the faults of all come together."""
        found: list[Problem] = []
        sound = True
        for name in names:
            try:
                self.mapped(name)
            except DataError as error:
                sound = False
                found += error.problems
        if not sound:
            raise DataError(found)

    def account(self) -> RecordsAccount:
        """What was done, in counts."""
        attrition = [cases.attrition for cases in self._cases.values()]
        apart = [found.disagreements.assign(sources=" + ".join(names))[["sources", *found.disagreements.columns]]
                 for names, found in self._linked.items()]
        words = (
            f"{len(self._mapped)} extracts of patient records were read where they are and counted: "
            f"{'; '.join(self._told)}. The extracts are {'; '.join(self._named())}. "
            "No record of a person is in this release, only counts made from them.")
        return RecordsAccount(
            pd.concat(attrition, ignore_index=True) if attrition else pd.DataFrame(columns=["source"]),
            pd.concat(apart, ignore_index=True) if apart else pd.DataFrame(columns=["fact"]),
            {extract.name: extract.sha256() for extract in self.extracts},
            {extract.name: extract.mapping.title for extract in self.extracts}, words, tuple(self.warnings))


def _years(wanted: Wanted) -> tuple[int, int]:
    if wanted.years is None:
        raise DataError(Problem("E-OPTION", "records", "years are needed", "Give the first and the last.", key="years"))
    return wanted.years


def _sums(frame: pd.DataFrame) -> list[str]:
    """Columns of counts."""
    return [name for name in (COUNT, "registered_in_life", "death_initiated", "certificate_only") if name in frame]


