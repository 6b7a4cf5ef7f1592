"""A study small enough for a test: two areas, few years, every kind of evidence if asked for."""

from functools import cache

import numpy as np
import pandas as pd

from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.evidence import (
    AccuracyPrior,
    CompletenessAudit,
    CompletenessPrior,
    DeathCertificateCases,
    Deaths,
    DistantRecurrence,
    EvidenceBundle,
    LivingCounts,
    OtherCauseMortality,
    Population,
    PrimaryAgeProfile,
    PrimaryRegistrations,
    PublishedSurvival,
    Registrations,
    ReportingTriangle,
    bundle_from_tables,
)
from sbc_prevalence.grid import AreaSet, StudyGrid
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.natural_history import NaturalHistoryIncidence
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.smooth_incidence import SmoothIncidence
from sbc_prevalence.model.survival import FAMILIES

AREAS = AreaSet(("A", "B", "C"), ("Ayton", "Beeton", "Ceeton"), "T", "All")
YEARS = range(2008, 2019)
ORIGIN = {"source": "a registry", "as_of": "2024-12-31"}
SCOTLAND = (
    ("deaths", "scotland_deaths"), ("primary_registrations", "scotland_primary_registrations"),
    ("primary_age_profile", "scotland_primary_age_profile"), ("population", "scotland_population"),
    ("published_survival", "published_survival"), ("distant_recurrence", "distant_recurrence_seer"),
    ("other_cause_mortality", "other_cause_mortality_scotland"))


BY_AGE = AgeStructure()
AGES = {"0-39": 0.50, "40-49": 0.14, "50-59": 0.13, "60-64": 0.06, "65-79": 0.12, "80+": 0.05}
AGES_AT_DEATH = {"0-39": 0.03, "40-49": 0.08, "50-64": 0.26, "65-79": 0.34, "80-84": 0.13, "85+": 0.16}


def _counts(column: str, value: int, areas: str = "ABC") -> pd.DataFrame:
    rows = [(area, year, (i + 1) * value + (7 * year + 3 * i) % 11)
            for i, area in enumerate(areas) for year in YEARS]
    return pd.DataFrame(rows, columns=["area_code", "year", column])


def frames() -> dict[str, pd.DataFrame]:
    """Tidy tables of the pieces that every model needs."""
    deaths = pd.DataFrame([("T", year, 180 + (5 * year) % 13) for year in YEARS],
                          columns=["area_code", "year", "count"])
    survival = pd.DataFrame([
        {"study": study, "presentation": presentation, "survival_kind": kind, "measure": measure,
         "duration_from_years": start, "duration_years": end, "value": value, "n": 400,
         "diagnosis_year_from": 2005, "diagnosis_year_to": 2010, "de_novo_share": share}
        for study, presentation, kind, measure, start, end, value, share in (
            ("one", "de_novo", "observed", "survival", None, 1, 0.66, None),
            ("one", "de_novo", "observed", "survival", None, 5, 0.25, None),
            ("two", "recurrent", "net", "survival", None, 3, 0.35, None),
            ("two", "recurrent", "observed", "median", None, None, 1.9, None),
            ("three", "all", "observed", "survival", None, 2, 0.52, 0.3),
            ("four", "recurrent", "observed", "hazard", 1, 3, 0.38, None))])
    risk = pd.DataFrame([
        {"study": "risk", "risk_kind": "net", "stage": "all", "receptor": "all", "age_from": low, "age_to": high,
         "diagnosis_year_from": first, "diagnosis_year_to": first + 7, "duration_from_years": start,
         "duration_to_years": start + 5, "value": value + 0.01 * (low == 60) - 0.01 * (first == 2000)}
        for low, high in ((15, 59), (60, 99)) for first in (1992, 2000) for start, value in ((0, 0.11), (5, 0.06))])
    profile = pd.DataFrame([("T", "40-49", 200), ("T", "50-69", 900), ("T", "70-84", 500)],
                           columns=["area_code", "age_band", "count"])
    return {"deaths": deaths, "primaries": _counts("count", 200), "population": _counts("population", 60_000),
            "survival": survival, "recurrence": risk, "profile": profile}


def frames_by_age() -> dict[str, pd.DataFrame]:
    """The same tables, deaths and population by age."""
    f = frames()
    deaths = [("T", int(year), band, round(int(count) * share) + (3 * int(year) + i) % 4)
              for year, count in f["deaths"][["year", "count"]].itertuples(index=False)
              for i, (band, share) in enumerate(AGES_AT_DEATH.items())]
    people = [(area, int(year), band, int(count * to) - int(count * start))
              for area, year, count in f["population"].itertuples(index=False)
              for band, start, to in zip(AGES, [0.0, *np.cumsum([*AGES.values()])], np.cumsum([*AGES.values()]).round(6),
                                         strict=False)]
    registered = pd.DataFrame([
        (area, int(year), kind, band, round((i + 1) * (9 if kind == "de_novo" else 16) * share) + (7 * year + 3 * i) % 4)
        for i, area in enumerate("ABC") for year in YEARS for kind in ("de_novo", "recurrent")
        for band, share in zip(("0-49", "50-64", "65-74", "75-79", "80+"), (0.15, 0.3, 0.25, 0.12, 0.18), strict=True)],
        columns=["area_code", "year", "presentation", "age_band", "count"])
    return {**f, "registrations": registered,
            "deaths": pd.DataFrame(deaths, columns=["area_code", "year", "age_band", "count"]),
            "population": pd.DataFrame(people, columns=["area_code", "year", "age_band", "population"])}


def triangle() -> pd.DataFrame:
    """Counts held by the small register at the end of each year: they arrive within some years, and a few leave."""
    rows = [("T", year, "all", report, 12 + round(180 * share) + (5 * year + 3 * report) % 4)
            for year in YEARS for report, share in zip(range(year, 2019), (0.4, 0.8, 0.95, 1.0, 0.99) + 6 * (1.0,),
                                                       strict=False)]
    return pd.DataFrame(rows, columns=["area_code", "year", "presentation", "report_year", "count"])


def bundle(*, area_evidence: bool = False, source_evidence: bool = False,
           tables: dict[str, pd.DataFrame] | None = None) -> EvidenceBundle:
    """Evidence of the small study; with `area_evidence` also registrations, an audit and a count of the living.

    With `source_evidence` also the triangle of the delay of these registrations, and a second register with its cases
    found at death.
    """
    f = tables or frames()
    pieces = [
        Deaths.from_frame(f["deaths"], **ORIGIN), PrimaryRegistrations.from_frame(f["primaries"], **ORIGIN),
        Population.from_frame(f["population"], **ORIGIN),
        PublishedSurvival.from_frame(f["survival"], own_studies=("two",), **ORIGIN),
        DistantRecurrence.from_frame(f["recurrence"], **ORIGIN), PrimaryAgeProfile.from_frame(f["profile"], **ORIGIN),
        OtherCauseMortality.from_frame(load_carried("other_cause_mortality_scotland").frame, **ORIGIN)]
    if area_evidence:
        seen = pd.concat([_counts("count", value).assign(presentation=kind)
                          for kind, value in (("de_novo", 11), ("recurrent", 20))])
        seen = seen.astype({"count": object}).assign(count_lower=seen["count"], count_upper=seen["count"] + 4,
                                                     count_status="rounded").drop(columns="count")
        seen = f.get("registrations", seen)
        audit = pd.DataFrame([("T", "recurrent", "the registry", 120, 71)],
                             columns=["area_code", "presentation", "source_audited", "n_known", "n_found"])
        living = pd.DataFrame([("A", "2016-06-30", 110, 20_000), ("T", "2017-12-31", 800, 120_000)],
                              columns=["area_code", "index_date", "count", "base_population"])
        pieces += [
            Registrations.from_frame(
                seen, name="register", window_days=120, source="the registry", as_of="2024-12-31",
                completeness=CompletenessPrior("logit_normal", median=0.6, lower95=0.3, upper95=0.85)),
            CompletenessAudit.from_frame(audit, source="notes", as_of="2024-12-31"),
            LivingCounts.from_frame(
                living, name="snapshot", definition="alive_on_date", sensitivity=AccuracyPrior(found=90, of=100),
                specificity=AccuracyPrior(value=0.999, window="alive_on_date"), source="a list", as_of="2024-12-31")]
    if source_evidence:
        pieces.append(ReportingTriangle.from_frame(
            triangle(), name="triangle", form="cumulative", source="the registry", as_of="2018-12-31"))
        found = pd.DataFrame([("T", year, "all", 90, 8, 5) for year in YEARS], columns=[
            "area_code", "year", "presentation", "registered_in_life", "death_initiated", "certificate_only"])
        second = {"source": "another registry", "as_of": "2024-12-31"}
        pieces += [
            Registrations.from_frame(
                found.rename(columns={"registered_in_life": "count"})[["area_code", "year", "presentation", "count"]],
                name="second", window_days=120, **second),
            DeathCertificateCases.from_frame(
                found, name="certificates", registrations_hold="in_life",
                mention=CompletenessPrior("logit_normal", median=0.8, lower95=0.6, upper95=0.92), **second)]
    return EvidenceBundle(*pieces)


def grid_of(evidence: EvidenceBundle, *, backcast_years: int = 6, lag_years: int = 8) -> StudyGrid:
    """A short grid: few years before the data."""
    return evidence.align(AREAS, last_year=2020, backcast_years=backcast_years, recurrence_lag_years=lag_years)


@cache
def small_inputs(*, area_evidence: bool = False, source_evidence: bool = False) -> ModelInputs:
    """Arrays of the small study."""
    evidence = bundle(area_evidence=area_evidence, source_evidence=source_evidence)
    return lay_out(evidence, grid_of(evidence))


@cache
def small_inputs_by_age(*, area_evidence: bool = False, source_evidence: bool = False) -> ModelInputs:
    """Arrays of the small study, deaths, registrations and population by age, in the age bands of `BY_AGE`."""
    evidence = bundle(area_evidence=area_evidence, source_evidence=source_evidence, tables=frames_by_age())
    return lay_out(evidence, grid_of(evidence), ages=BY_AGE)


@cache
def scotland_inputs(ages: AgeStructure | None = None) -> ModelInputs:
    """Arrays of the carried Scottish figures."""
    areas = area_set_from(load_carried("scotland_boards"), total_code="S92000003", total_name="Scotland",
                          level="NHS health board", total_level="nation")
    evidence = bundle_from_tables([(kind, load_carried(table), {}) for kind, table in SCOTLAND], areas)
    return lay_out(evidence, evidence.align(areas, first_reported_year=1997, last_year=2025),
                   pause_years=[2020, 2021], ages=ages)


def a_model(family: str = "weibull", trend: str = "diagnosis_year", incidence: str = "natural_history",
            ages: AgeStructure | None = None) -> PrevalenceModel:
    """A model by the names of its parts."""
    made = NaturalHistoryIncidence(window_days=120) if incidence == "natural_history" else SmoothIncidence()
    return PrevalenceModel(made, FAMILIES[family](trend=trend), ages=ages)


def prior_draws(model: PrevalenceModel, inputs: ModelInputs, n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Natural parameter values drawn from the priors."""
    return model.parameters(inputs).draw(np.random.default_rng(seed), n)
