"""Everything that a release says, from estimates and their evidence: tables, headline, words, draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sbc_prevalence.evidence import EvidenceBundle
from sbc_prevalence.grid import (
    ALL,
    AREA,
    CHAIN,
    DRAW,
    DURATION,
    DURATION_BANDS,
    PRESENTATION,
    PRESENTATIONS,
    YEAR,
)
from sbc_prevalence.prevalence.ages_table import ages_table
from sbc_prevalence.prevalence.checks import ALL_CAUSE, living_and_deaths
from sbc_prevalence.prevalence.comparisons import comparison_table
from sbc_prevalence.prevalence.decomposition import decomposition_table, registration_sources
from sbc_prevalence.prevalence.draws import BEYOND_SURVIVAL
from sbc_prevalence.prevalence.duration import duration_warnings
from sbc_prevalence.prevalence.estimate import Estimates
from sbc_prevalence.prevalence.headline_text import headline_text
from sbc_prevalence.prevalence.identifiability import influence_words
from sbc_prevalence.prevalence.intervals import CI_KIND, DEFAULT_CI_PROB, median_and_interval
from sbc_prevalence.prevalence.precision import Units, precision_table, rounding_units
from sbc_prevalence.prevalence.quantity import (
    EXPECTED,
    GROUP,
    LIVING,
    NATION,
    NEWLY_DIAGNOSED,
    REALISED,
    Quantity,
)
from sbc_prevalence.prevalence.scenarios import Scenario
from sbc_prevalence.prevalence.wording import TO_LOOK_AT

if TYPE_CHECKING:
    import xarray as xr

BOUNDS = ("median", "lower", "upper")


@dataclass(frozen=True)
class ContentParts:
    """What a release is made of.

    Parameters
    ----------
    scope : str
        Who is counted and which disease.
    headline : mapping
    headline_text : str
        The headline as a small table of text, rounded: the whole and its areas.
    national_text : str
        The same without the areas.
    tables : mapping of str to DataFrame
        All but the repetitions under other choices.
    words : mapping of str to str
    write_draws : callable
        Writes the draws to a NetCDF file.
    rounding_units : mapping of quantity to mapping of area code to int
        Persons to which each quantity of each area is rounded.
    """

    scope: str
    headline: Mapping[str, Any]
    headline_text: str
    national_text: str
    tables: Mapping[str, pd.DataFrame]
    words: Mapping[str, str]
    write_draws: Callable[[Path], None]
    rounding_units: Units


def release_content_parts(
    estimates: Estimates,
    bundle: EvidenceBundle,
    *,
    title: str,
    population: str | None = None,
    notes: Mapping[str, str] | None = None,
    ci_prob: float = DEFAULT_CI_PROB,
    rounding_unit: int = 10,
) -> ContentParts:
    """All parts of a release.

    Parameters
    ----------
    estimates : Estimates
    bundle : EvidenceBundle
        The evidence that was fitted.
    title : str
        First line of the printed headline.
    population : str, optional
        Who is counted, e.g. ``"women"``.
    notes : mapping of heading to sentences, optional
        Further words; they replace our own under the same heading.
    ci_prob : float
    rounding_unit : int
        Persons; a quantity of an area whose Monte Carlo error does not allow it gets a coarser unit of its own.

    Raises
    ------
    FitRefused
        If the Monte Carlo error of a breakdown is too large for any unit.
    """
    est = estimates if population is None else replace(estimates, population_described=population)
    units = rounding_units(precision_table(est), rounding_unit)
    tables = release_tables(est, bundle, ci_prob=ci_prob, units=units)
    head = headline(est, tables, ci_prob=ci_prob)
    own = est.describe_words()
    taken = {key.casefold() for key in notes or {}}
    own["what_narrows_the_figures"] = influence_words(tables["influence"], est.grid.areas.total_code)
    words = {**{k: v for k, v in own.items() if k.casefold() not in taken}, **(notes or {})}
    if doubtful := duration_warnings(tables["prior_predictive"]):
        words[TO_LOOK_AT] = " ".join([*([words[TO_LOOK_AT]] if TO_LOOK_AT in words else []), *map(str, doubtful)])
    text, national = (headline_text(est, tables, head, title=title, units=units, areas=a) for a in (True, False))
    return ContentParts(est.scope, head, text, national, tables, words, draws_writer(est), units)


def release_tables(
    est: Estimates, bundle: EvidenceBundle, *, ci_prob: float = DEFAULT_CI_PROB, units: Units | None = None
) -> dict[str, pd.DataFrame]:
    """Tidy tables of a release, unrounded but for persons inside notes; columns as `release.content` has them."""
    gate = est.fitted.gate
    figures = bundle.comparison_figures
    decomposed = [
        decomposition_table(est, est.decomposition(name), ci_prob) for name in registration_sources(est.fitted.inputs)]
    deaths = est.deaths_fit(ci_prob).drop(columns=["observed_lower", "observed_upper"])
    by_age = {} if est.draws.ages is None else {"ages": ages_table(est, ci_prob)}
    return {
        "estimates": estimates_table(est, ci_prob), **by_age, "implied_duration": est.implied_duration(ci_prob),
        "deaths_fit": deaths, "prior_posterior": est.prior_posterior(ci_prob),
        "prior_predictive": est.prior_predictive(ci_prob), "shares": est.shares(ci_prob),
        "coverage": bundle.coverage(est.grid.areas, est.grid), "priors": priors_table(est),
        "comparisons": comparison_table(
            est, None if figures is None else figures.frame, ci_prob, (units or {}).get(LIVING)),
        "diagnostics": gate.table.copy() if gate is not None else pd.DataFrame(
            columns=["quantity", "rhat", "ess_bulk", "ess_tail", "status"]),
        "identifiability": est.identifiability(ci_prob), "influence": est.influences(),
        **({"decomposition": pd.concat(decomposed, ignore_index=True)} if decomposed else {}),
        "sources": bundle.sources()}


def estimates_table(est: Estimates, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
    """Every published number: living and newly diagnosed, both bases, by area, presentation, duration, year.

    Splits are one at a time; rates are for all presentations and durations together. A day inside a year has rows of
    its own, besides those of 31 December.
    """
    areas = est.grid.areas
    places = [NATION] + ([AREA] if areas.codes != (areas.total_code,) else []) + ([GROUP] if areas.groups else [])
    inside = est.draws.living_at is not None
    frames = []
    for place in places:
        for basis in (EXPECTED, REALISED):
            for extra in ((), (PRESENTATION,), (DURATION,)):
                by = (*(() if place == NATION else (place,)), *extra)
                frames.append(est.point_prevalence((*by, YEAR), basis=basis))
                if inside:
                    frames.append(est.point_prevalence(by, basis=basis))
                if DURATION not in extra:
                    frames.append(est.newly_diagnosed((*by, YEAR), basis=basis))
                if est.has_population and not extra:
                    frames += _rates(est, by, basis, inside)
    return pd.concat([quantity.table(ci_prob) for quantity in frames], ignore_index=True)


def _rates(est: Estimates, by: tuple[str, ...], basis: str, inside: bool) -> list[Quantity]:
    """Rates of one place and basis."""
    found = [est.point_prevalence((*by, YEAR), basis=basis, per_100k=True),
             est.newly_diagnosed((*by, YEAR), basis=basis, per_100k=True)]
    return [*found, est.point_prevalence(by, basis=basis, per_100k=True)] if inside else found


def priors_table(est: Estimates) -> pd.DataFrame:
    """Every prior with its origin."""
    return pd.DataFrame([
        {"parameter": p.name, "symbol": p.symbol, "meaning": p.meaning, "group": p.group,
         "distribution": p.describe() if p.sd > 0 else f"fixed at {p.natural(0.0, p.center, p.sd):.3g}",
         "unit": p.unit, "is_judgement": p.is_judgement, "source": p.source or "", "reason": p.reason}
        for p in est.fitted.model.parameters(est.fitted.inputs).priors])


def headline(est: Estimates, tables: Mapping[str, pd.DataFrame], *, ci_prob: float = DEFAULT_CI_PROB) -> dict[str, Any]:
    """Headline numbers, taken from the tables: realised counts of the whole, implied duration of the year."""
    areas, year, day = est.grid.areas, est.index_date.year, est.index_date.isoformat()
    head: dict[str, Any] = {
        "area_code": areas.total_code, "area_name": areas.total_name, "index_date": day, "year": year,
        "basis": REALISED, "who": est.population_described,
        "ci_prob": ci_prob, "ci_kind": CI_KIND, "implied_duration_denominator": ALL_CAUSE}
    rows = tables["estimates"]
    rows = rows[(rows["area_code"] == areas.total_code) & (rows["basis"] == REALISED) & (rows["year"] == year)
                & (rows["presentation"] == ALL) & (rows["duration_band"] == ALL)]
    implied = tables["implied_duration"]
    chosen = {
        LIVING: rows[(rows["quantity"] == LIVING) & (rows["index_date"] == day)],
        NEWLY_DIAGNOSED: rows[rows["quantity"] == NEWLY_DIAGNOSED],
        "implied_duration": implied[(implied["year"] == year) & (implied["denominator"] == ALL_CAUSE)]}
    for name, row in chosen.items():
        head |= {f"{name}_{bound}": float(row[bound].iloc[0]) for bound in BOUNDS}
    return head


def sensitivity_rows(
    est: Estimates, scenario: Scenario, *, ci_prob: float = DEFAULT_CI_PROB, rounding_unit: int = 10
) -> pd.DataFrame:
    """Rows of the table of repetitions for one scenario: living at the index date and newly diagnosed in its year.

    Parameters
    ----------
    est : Estimates
        Of the scenario's fit; ``estimate(..., index_year_only=True)`` is enough.
    scenario : Scenario
    ci_prob : float
    rounding_unit : int
        Persons; the column ``rounded_to`` says what the Monte Carlo error of this fit allows.

    Raises
    ------
    FitRefused
        If the Monte Carlo error of a figure is too large for any unit.
    """
    units = rounding_units(precision_table(est), rounding_unit)
    quantities = [est.point_prevalence(), est.newly_diagnosed()]
    if scenario.shows_areas:
        quantities += [est.point_prevalence(AREA), est.newly_diagnosed(AREA)]
    rows = pd.concat([q.table(ci_prob) for q in quantities], ignore_index=True)
    living, deaths = living_and_deaths(est)
    ratio = median_and_interval(living[:, est.position] / deaths[:, est.position], ci_prob)
    beyond = median_and_interval(est.draws.shares[BEYOND_SURVIVAL][:, est.position], ci_prob)
    beside = {f"{name}{end}": float(value) for name, values in (
        ("implied_duration", ratio), ("beyond_follow_up_share", beyond))
        for end, value in zip(("", "_lower", "_upper"), values, strict=True)}
    return rows[["area_code", "area_name", "quantity", *BOUNDS]].assign(
        group=scenario.group, scenario=scenario.label, is_headline=scenario.is_headline,
        **beside,
        rounded_to=[units[q][code] for q, code in zip(rows["quantity"], rows["area_code"], strict=True)])


def draws_dataset(est: Estimates) -> "xr.Dataset":
    """Draws of the published quantities, by area without the whole.

    Returns
    -------
    xarray.Dataset
        ``prevalence`` and ``prevalence_rep`` (expected and realised living on 31 December), ``incidence`` and
        ``newly_diagnosed`` with dimensions chain, draw, area, presentation, year; ``prevalence_rep_by_duration`` has
        duration as well; ``membership`` (group, area) is 1 where an area belongs to a group. A day inside a year is
        held by ``prevalence_at_index_date`` and
        ``prevalence_rep_at_index_date``, with duration and without year.
    """
    import xarray as xr

    found = est.draws
    shape = (est.n_chains, est.n_draws)
    axes = (CHAIN, DRAW, AREA, PRESENTATION, YEAR)

    def laid(values: Any) -> Any:
        return values.reshape(*shape, *values.shape[1:])

    data = {
        "prevalence": (axes, laid(found.living.sum(-1))), "incidence": (axes, laid(found.incidence)),
        "prevalence_rep": (axes, laid(found.living_rep.sum(-1, dtype="int32"))),
        "newly_diagnosed": (axes, laid(found.newly_diagnosed)),
        "prevalence_rep_by_duration": ((*axes, DURATION), laid(found.living_rep))}
    if found.living_at is not None and found.living_at_rep is not None:
        at = (*axes[:-1], DURATION)
        data |= {"prevalence_at_index_date": (at, laid(found.living_at)),
                 "prevalence_rep_at_index_date": (at, laid(found.living_at_rep))}
    areas = est.grid.areas
    coords = {AREA: list(areas.codes), PRESENTATION: list(PRESENTATIONS), YEAR: found.years,
              DURATION: list(DURATION_BANDS)}
    if areas.groups:
        data["membership"] = ((GROUP, AREA), areas.membership(tuple(areas.groups)))
        coords[GROUP] = list(areas.groups)
    return xr.Dataset(data, coords=coords, attrs={
        "scope": est.scope, "unit": "persons", "index_date": est.index_date.isoformat(), "seed": est.seed,
        "last_year_with_data": est.grid.last_data_year})


def draws_writer(est: Estimates) -> Callable[[Path], None]:
    """A function that writes `draws_dataset` to a path."""
    def write(path: Path) -> None:
        data = draws_dataset(est)
        packed = {str(name): {"zlib": True, "complevel": 1} for name in data.data_vars
                  if data[name].dtype.kind == "i"}
        data.to_netcdf(path, engine="h5netcdf", encoding=packed)
    return write
