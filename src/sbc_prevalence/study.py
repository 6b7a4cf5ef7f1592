"""From a configuration to a study: tables read, evidence checked, grid laid, model described. No sampling."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from sbc_prevalence.config import Config, Readable, load_config
from sbc_prevalence.config.faults import nearest
from sbc_prevalence.config.sections import DEFAULT_INDEX_DATE, ModelSection
from sbc_prevalence.errors import (
    ConfigError,
    DataError,
    InputError,
    ModelError,
    Problem,
    SbcPrevalenceError,
    count_of,
    numbered,
)
from sbc_prevalence.evidence import EvidenceBundle
from sbc_prevalence.grid import AreaSet, StudyGrid, span_of_years
from sbc_prevalence.intake import take_in
from sbc_prevalence.model import ModelInputs, PrevalenceModel, lay_out, model_from_specification
from sbc_prevalence.model.anchors import anchor_problems

if TYPE_CHECKING:
    from sbc_prevalence.records.supply import RecordsAccount

FROM_EVIDENCE = ("base_error_", "completeness_", "regime_", "registrations_", "sensitivity_", "snapshot_",
                 "specificity_", "validation_")
"""Beginnings of the names of parameters that a model has only with certain evidence."""
PAUSED_BELOW = 0.93
"""Share of the usual primaries below which 2020 and 2021 show the pause; they fell to .885 in Scotland."""
FEWEST_PRIMARIES = 500


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
    warnings: tuple[Problem, ...] = ()
    records: "RecordsAccount | None" = None

    @property
    def input_hashes(self) -> dict[str, str]:
        """SHA-256 of every table that was read or counted, and of every extract of patient records, by name."""
        extracts = {} if self.records is None else {
            f"extract of records '{name}'": sha256 for name, sha256 in self.records.sha256.items()}
        return {piece.name: piece.provenance.sha256 for piece in self.bundle.pieces} | extracts

    def summary(self) -> str:
        """What was read and what it covers, for `validate`."""
        grid, areas = self.grid, self.areas
        lines = [
            f"{self.config.title}: {self.config.population_described}",
            f"  areas      {len(areas.codes)} x {areas.level}, together {areas.total_name}"
            + ("; one area alone borrows from no other" if len(areas.codes) == 1 else ""),
            f"  years      data {span_of_years(grid.first_data_year, grid.last_data_year)}; tables "
            f"{span_of_years(grid.first_reported_year, grid.last_year)}"
            + (f", projected from {grid.last_data_year + 1}" if grid.last_year > grid.last_data_year else ""),
            f"  headline   {self.index_date.isoformat()}",
            f"  model      {self.model.incidence.kind} incidence, {self.model.survival.family} survival",
            "  evidence",
        ]
        for piece in self.bundle.pieces:
            words = piece.shape_in_words()
            years = f", {words['years']}" if "years" in words else ""
            rows = "row" if words["rows"] == "1" else "rows"
            lines.append(f"    {piece.kind:<22} {words['rows']} {rows}{years} ({words['source']})")
        notes = [self.config.note] if self.config.note else []
        notes += [entry.note for entry in self.config.evidence if entry.note]
        notes += [self.inputs.population_note] if self.inputs.population_note else []
        lines += [f"  note       {note}" for note in notes]
        if not self.warnings:
            return "\n".join([*lines, "No problem found."])
        one = len(self.warnings) == 1
        return "\n".join([*lines, f"{count_of(self.warnings, 'thing')} to look at:", numbered(self.warnings),
                          f"No error found: {'it stops' if one else 'they stop'} nothing, and a run is possible."])


def prepare(config: Config) -> Study:
    """Read, check and lay out everything that a run needs.

    Parameters
    ----------
    config : Config

    Raises
    ------
    InputError
        With every problem of every table, of how they fit together and of the priors, in one list.
    """
    source = config.readable()
    taken = take_in(source)
    if taken.errors or taken.areas is None:
        raise DataError([*taken.problems, *_prior_problems(source)], not_checked=taken.not_checked)
    bundle, model = EvidenceBundle(*taken.pieces), describe_model(config.model)
    problems = list(taken.warnings)
    inputs: ModelInputs | None = None
    with _collected(problems, at_key=source.where):
        grid = bundle.align(
            taken.areas, first_reported_year=config.grid.first_reported_year, last_year=config.grid.last_year,
            backcast_years=config.grid.backcast_years, recurrence_lag_years=config.grid.recurrence_lag_years)
        day = config.grid.index_date or date(grid.last_data_year, 12, 31)
        problems += _index_date_problems(day, grid, source.where)
        laid_out = lay_out(bundle, grid, pause_years=config.grid.pause_years, ages=model.ages)
        replace(model, overrides={}).parameters(laid_out)  # do the components fit the evidence?
        inputs = laid_out
    problems += _prior_problems(source, inputs)
    if inputs is not None and not any(p.severity == "error" for p in problems):
        model.parameters(inputs)  # a component that lacks what it needs says so now, not after compiling
        problems += anchor_problems(model, inputs)
        problems += _repetition_problems(config, model, inputs)
    if inputs is None or any(p.severity == "error" for p in problems):
        raise DataError(problems)
    return Study(config, taken.areas, bundle, grid, inputs, model, day,
                 (*taken.warnings, *_beside_the_data(config, grid), *_of_the_pandemic(config, bundle)), taken.records)


def with_tables(error: ConfigError) -> InputError:
    """The refusal of a configuration, together with what is wrong with the tables and priors that it names.

    Parameters
    ----------
    error : ConfigError
        From `load_config`. Where nothing of the file can be read it comes back as it is.
    """
    source = error.readable
    if source is None:
        return error
    taken = take_in(source)
    more = [*_prior_problems(source), *taken.problems]
    if not more and not taken.not_checked:
        return error
    return InputError([*error.problems, *more], not_checked=taken.not_checked)


def describe_model(section: ModelSection) -> PrevalenceModel:
    """The model of a configuration."""
    overrides = {
        name: {key: value for key, value in prior.model_dump().items() if value is not None or key == "source"}
        for name, prior in section.priors.items()}
    stated = section.unregistered_hazard_ratio
    return model_from_specification({
        "incidence": section.incidence, "survival": section.survival, "trend": section.trend,
        "completeness": section.completeness, "ages": section.ages,
        "unregistered": None if stated is None else stated.on_log,
        "window_days": section.window_days, "area_effects": section.area_effects, "overrides": overrides})


@contextmanager
def _collected(problems: list[Problem], at_key: str | None = None) -> Iterator[None]:
    """Keep the problems of a step and go on; what is not a list of problems goes on upwards.

    With `at_key`, the name of the configuration, what is wrong with the years is told at the key that the reader wrote.
    """
    try:
        yield
    except InputError as error:
        if not error.problems:
            raise
        problems += [replace(p, where=at_key, key=f"grid.{p.key}") if at_key and p.code == "E-GRID" and p.key else p
                     for p in error.problems]


@cache
def _carried_inputs() -> ModelInputs:
    """Scotland's inputs: they tell which parameters a model has before the tables of a study are sound."""
    return prepare(load_config("scotland")).inputs


def _prior_problems(source: Readable, inputs: ModelInputs | None = None) -> list[Problem]:
    """Overridden priors that the model does not have, or cannot have in this form.

    Without inputs of the study, those of Scotland tell the names, and names that come with certain evidence are passed
    over.
    """
    section = source.model if inputs is not None else source.model.model_copy(update={"completeness": "by_source"})
    if not section.priors:
        return []
    laid_out = inputs or _carried_inputs()
    try:
        known = replace(describe_model(section), overrides={}).parameters(laid_out).names
    except SbcPrevalenceError:
        return []  # a component lacks what it needs: the names cannot be told before that is mended
    names = [name for name in section.priors if inputs is not None or not name.startswith(FROM_EVIDENCE)]
    unknown = [name for name in names if name not in known]
    found = []
    for name in unknown:
        close = nearest(name, known)
        found.append(Problem(
            "E-PRIOR", source.where, "the model has no parameter of this name",
            f"Did you mean '{close}'?" if close else "Known: " + ", ".join(known) + ".", key=f"model.priors.{name}"))
    rest = section.model_copy(update={"priors": {n: section.priors[n] for n in names if n not in unknown}})
    own: list[Problem] = []
    with _collected(own):
        describe_model(rest).parameters(laid_out)
    return found + [replace(p, where=source.where, column=None, key=f"model.priors.{p.column}") for p in own]


def _repetition_problems(config: Config, model: PrevalenceModel, inputs: ModelInputs) -> list[Problem]:
    """Repetitions that could not be made, told before the first fit."""
    if not (config.sensitivity.enabled and config.sensitivity.unregistered_hazard_ratios):
        return []
    try:
        replace(model, survival=replace(model.survival, unregistered=(0.0, 0.0))).parameters(inputs)
    except ModelError as error:
        return [Problem("E-REPETITION", "sensitivity", str(error).rstrip("."), "Or leave these repetitions out.",
                        key="sensitivity.unregistered_hazard_ratios")]
    return []


def _beside_the_data(config: Config, grid: StudyGrid) -> list[Problem]:
    """Years of a copied configuration that do not fit newer or other figures; nothing is stopped by them."""
    day, where, found = config.grid.index_date, config.readable().where, []
    if day is not None and day.year < grid.last_data_year:
        found.append(Problem(
            "W-INDEX-DATE", where, f"the headline is of {day.year}, and there are data up to {grid.last_data_year}",
            f"Move the index date, or take it out: it is then {DEFAULT_INDEX_DATE}.",
            key="grid.index_date", severity="warning"))
    if grid.first_reported_year < grid.first_data_year:
        found.append(Problem(
            "W-FIRST-YEAR", where,
            f"tables begin in {grid.first_reported_year}, and counts of deaths or of the disease in "
            f"{grid.first_data_year}: the years before rest on primaries and priors alone",
            f"Write first_reported_year = {grid.first_data_year}, or take it out.",
            key="grid.first_reported_year", severity="warning"))
    return found


def _of_the_pandemic(config: Config, bundle: EvidenceBundle) -> list[Problem]:
    """Fewer primaries in 2020 or 2021 than in 2018 and 2019, and no pause of registration declared."""
    primaries = bundle.primary_registrations
    if primaries is None:
        return []
    counts = primaries.totals().groupby("year")["count_upper"].sum()
    before = [float(counts[year]) for year in (2018, 2019) if year in counts.index]
    usual = sum(before) / len(before) if before else 0.0
    low = [year for year in (2020, 2021) if year in counts.index and year not in config.grid.pause_years
           and float(counts[year]) < PAUSED_BELOW * usual]
    if usual < FEWEST_PRIMARIES or not low:
        return []
    return [Problem(
        "W-PAUSE", config.readable().where,
        f"fewer primaries were registered in {' and '.join(map(str, low))}: screening and registration paused, disease "
        "did not", f"Write pause_years = {low}, so that the dip is not taken for fewer cases.",
        key="grid.pause_years", severity="warning")]


def _index_date_problems(day: date, grid: StudyGrid, where: str) -> list[Problem]:
    if grid.first_reported_year <= day.year <= grid.last_year:
        return []
    return [Problem(
        "E-INDEX-DATE", where, "the index date must lie within the reported years",
        f"Choose a date in {span_of_years(grid.first_reported_year, grid.last_year)}.", key="grid.index_date")]
