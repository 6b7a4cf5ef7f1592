"""From a configuration to a study: tables read, evidence checked, grid laid, model described. No sampling."""

from dataclasses import dataclass, replace
from datetime import date

from sbc_prevalence.config import Config
from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.read import read_table
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import ConfigError, DataError, InputError, Problem
from sbc_prevalence.evidence import EvidenceBundle, bundle_from_tables
from sbc_prevalence.grid import AreaSet, StudyGrid
from sbc_prevalence.model import ModelInputs, PrevalenceModel, lay_out, model_from_specification


@dataclass(frozen=True)
class Study:
    """Everything that is known before the first draw."""

    config: Config
    areas: AreaSet
    bundle: EvidenceBundle
    grid: StudyGrid
    inputs: ModelInputs
    model: PrevalenceModel
    index_date: date

    @property
    def input_hashes(self) -> dict[str, str]:
        """SHA-256 of every table that was read, by name."""
        return {piece.name: piece.provenance.sha256 for piece in self.bundle.pieces}

    def summary(self) -> str:
        """What was read and what it covers, for `validate`."""
        grid, areas = self.grid, self.areas
        lines = [
            f"{self.config.title}: {self.config.population_described}",
            f"  areas      {len(areas.codes)} x {areas.level}, together {areas.total_name}",
            f"  years      data {grid.first_data_year}-{grid.last_data_year}; tables "
            f"{grid.first_reported_year}-{grid.last_year}"
            + (f", projected from {grid.last_data_year + 1}" if grid.last_year > grid.last_data_year else ""),
            f"  headline   {self.index_date.isoformat()}",
            f"  model      {self.model.incidence.kind} incidence, {self.model.survival.family} survival",
            "  evidence",
        ]
        for piece in self.bundle.pieces:
            words = piece.shape_in_words()
            years = f", {words['years']}" if "years" in words else ""
            lines.append(f"    {piece.kind:<22} {words['rows']} rows{years} ({words['source']})")
        notes = [self.config.note] if self.config.note else []
        notes += [entry.note for entry in self.config.evidence if entry.note]
        notes += [self.inputs.population_note] if self.inputs.population_note else []
        return "\n".join([*lines, *(f"  note       {note}" for note in notes), "No problem found."])


def prepare(config: Config) -> Study:
    """Read, check and lay out everything that a run needs.

    Parameters
    ----------
    config : Config

    Raises
    ------
    InputError
        With every problem of every table and of the configuration, in one list.
    """
    areas = read_areas(config)
    bundle = read_evidence(config, areas)
    grid = bundle.align(
        areas, first_reported_year=config.grid.first_reported_year, last_year=config.grid.last_year,
        backcast_years=config.grid.backcast_years, recurrence_lag_years=config.grid.recurrence_lag_years)
    model = describe_model(config)
    inputs = lay_out(bundle, grid, pause_years=config.grid.pause_years)
    model.parameters(inputs)
    return Study(config, areas, bundle, grid, inputs, model, _index_date(config, grid))


def read_areas(config: Config) -> AreaSet:
    """The areas of a configuration."""
    section = config.areas
    if section.list is not None:
        return AreaSet(
            tuple(item.code for item in section.list), tuple(item.name for item in section.list),
            section.total_code, section.total_name, section.level or "area", section.total_level)
    table = _table(config, section.table, section.file, "areas")
    return area_set_from(table, total_code=section.total_code, total_name=section.total_name,
                         level=section.level, total_level=section.total_level)


def read_evidence(config: Config, areas: AreaSet) -> EvidenceBundle:
    """The evidence of a configuration, all faults of all tables in one list."""
    entries, problems = [], []
    for entry in config.evidence:
        try:
            table = _table(config, entry.table, entry.file, entry.label)
        except InputError as error:
            problems += list(error.problems)
            continue
        stated = entry.provenance()
        if stated:
            table = replace(table, provenance=replace(table.provenance, **stated))
        if entry.file is None and entry.name:
            table = replace(table, name=entry.name)
        entries.append((entry.kind, table, {"defaults": entry.column_defaults(), **entry.options()}))
    try:
        bundle = bundle_from_tables(entries, areas)
    except InputError as error:
        raise DataError([*problems, *error.problems]) from None
    if problems:
        raise DataError(problems)
    return bundle


def describe_model(config: Config) -> PrevalenceModel:
    """The model of a configuration."""
    section = config.model
    overrides = {
        name: {key: value for key, value in prior.model_dump().items() if value is not None or key == "source"}
        for name, prior in section.priors.items()}
    return model_from_specification({
        "incidence": section.incidence, "survival": section.survival, "trend": section.trend,
        "window_days": section.window_days, "overrides": overrides})


def _table(config: Config, carried: str | None, file: str | None, label: str) -> Table:
    if carried is not None:
        return load_carried(carried)
    path = config.directory / str(file)
    return read_table(path, name=str(file), provenance=Provenance(name=label))


def _index_date(config: Config, grid: StudyGrid) -> date:
    day = config.grid.index_date or date(grid.last_data_year, 12, 31)
    if not grid.first_reported_year <= day.year <= grid.last_year:
        raise ConfigError(Problem(
            "E-INDEX-DATE", "config", "the index date must lie within the reported years",
            f"Choose a date in {grid.first_reported_year}-{grid.last_year}.", key="grid.index_date"))
    return day
