"""From a bundle of evidence to arrays on the study grid."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.life_table import expected_survival, other_cause_hazard
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.ages import AGE, counts_by_age, single_ages
from sbc_prevalence.evidence.primaries import PrimarySeries, lay_on_grid
from sbc_prevalence.evidence.published import POINT_COLUMNS
from sbc_prevalence.evidence.recurrence_table import RecurrenceTable, build_recurrence_table
from sbc_prevalence.grid import (
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    YEAR,
    AgeBands,
    StudyGrid,
)
from sbc_prevalence.kernels.survivorship import FIRST_NODES, LATER_NODES
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.inputs import ModelInputs, level_reference, survival_points
from sbc_prevalence.model.lay_out_ages import lay_out_ages
from sbc_prevalence.model.observation import power_name
from sbc_prevalence.model.observing import (
    DeathCounts,
    Observation,
    PublishedPoints,
    death_certificates,
    living_counts,
    overlapping_lists,
    regimes,
    registrations,
    reporting_triangles,
    survival_records,
)
from sbc_prevalence.model.observing.counts import count_rows

DEATH_AGE_CUTS = (65, 80)

Floats = NDArray[np.float64]


def lay_out(
    bundle: Any, grid: StudyGrid, *, pause_years: Collection[int] = (), ages: AgeStructure | None = None
) -> ModelInputs:
    """Arrays of every piece of evidence on one grid.

    Parameters
    ----------
    bundle : EvidenceBundle
    grid : StudyGrid
        From ``bundle.align``.
    pause_years : collection of int
        Years in which registration of primaries was interrupted.
    ages : AgeStructure, optional
        That of the model, where it has age bands; evidence by age is then brought into them.

    Raises
    ------
    EvidenceError
        If the evidence that a model cannot do without is missing, a count is too uncertain to sum over, or a band of
        ages lies across two of the model's.
    """
    required = {
        "other_cause_mortality": "other-cause mortality by age (the floor of the hazard)",
        "primary_age_profile": "the ages at primary diagnosis",
    }
    missing = [
        Problem(
            "E-EVIDENCE-MISSING",
            "evidence",
            f"{words} is needed",
            f"Add an [[evidence]] table of kind '{kind}'.",
            column=kind,
        )
        for kind, words in required.items()
        if not bundle.by_kind(kind)
    ]
    if not any(bundle.by_kind(kind) for kind in ("published_survival", *survival_records.KINDS)):
        missing.insert(
            0,
            Problem(
                "E-EVIDENCE-MISSING",
                "evidence",
                "survival after metastatic diagnosis is needed",
                "Add an [[evidence]] table of kind 'published_survival', 'patient_survival' or 'life_table_cells'.",
                column="published_survival",
            ),
        )
    if missing:
        raise EvidenceError(missing)

    _, life_years, hazard = other_cause_hazard(bundle.by_kind("other_cause_mortality")[0].frame)
    age_weights = single_ages(bundle.by_kind("primary_age_profile")[0].frame, hazard.shape[1])
    primaries = _primaries(bundle, grid, pause_years)
    recurrence = _recurrence(bundle, grid, age_weights, hazard, life_years)
    middle = int(np.clip((grid.first_data_year + grid.last_data_year) // 2, life_years[0], life_years[-1]))
    at_recurrence = recurrence.age_at_recurrence if recurrence is not None else age_weights
    at_middle, mixtures = hazard[middle - life_years[0]], (age_weights, at_recurrence)
    floors = _floors(at_middle, mixtures, grid.years.size)
    records, record_arrays, cells = survival_records.lay_out(bundle, grid, lambda u: _floor_at(at_middle, mixtures, u))

    points = _points(bundle, floors)
    studies = tuple(dict.fromkeys(points["study"]))
    codes = _level_codes(bundle, grid)
    arrays: dict[str, NDArray[Any]] = {
        "point_value": points["eta"].to_numpy(float),
        "point_precision": points["eta_se"].to_numpy(float) ** -2.0,
        "study_own": np.isin(studies, _own_studies(bundle)).astype(float),
        "point_study": (points["study"].to_numpy()[:, None] == np.array(studies)[None, :]).astype(float),
    }
    if primaries is not None:
        arrays |= {"primaries": primaries.actual, "primaries_smooth": primaries.smooth}

    population, note = None, ""
    if bundle.by_kind("population"):
        population, _, note = bundle.population.matrix(grid.areas, grid.years)
        arrays["population"] = population
    shares = _death_age_shares(bundle, grid)
    arrays["death_age_shares"] = shares
    age_inputs = None
    if ages is not None:
        age_inputs, age_arrays = lay_out_ages(
            bundle,
            grid,
            AgeBands(ages.bands),
            hazard=hazard,
            hazard_years=life_years,
            floor_of=lambda weights: _joined(_floors(at_middle, list(weights), grid.years.size)),
            cell_floor_of=lambda weights: None if cells is None else _floor_at(at_middle, list(weights), cells.edges),
            primaries=primaries,
            death_cuts=DEATH_AGE_CUTS,
        )
        arrays |= age_arrays
    deaths = _rows(bundle, "deaths", grid) if age_inputs is None else _rows_by_age(bundle, grid, age_inputs.bands)
    observations: list[Observation] = [PublishedPoints()] if len(points) else []
    if len(deaths):
        observations.insert(0, DeathCounts())
        arrays |= count_rows("deaths", deaths, codes, grid)
        arrays["level_reference"] = level_reference(arrays)
    registered, sources, source_arrays = registrations.lay_out(
        bundle, grid, codes, None if age_inputs is None else age_inputs.bands)
    counted, count_arrays = living_counts.lay_out(bundle, grid, codes)
    listed, list_arrays = overlapping_lists.lay_out(bundle, grid, codes)
    triangles, delays, triangle_arrays = reporting_triangles.lay_out(bundle, grid, source_arrays)
    certified, flows, flow_arrays = death_certificates.lay_out(bundle, grid, codes, source_arrays, sources)
    source_arrays = {k: v for k, v in source_arrays.items() if not k.endswith("_as_of")}
    answers, answer_arrays = regimes.lay_out(bundle, grid)
    arrays |= source_arrays | count_arrays | list_arrays | triangle_arrays | flow_arrays | record_arrays | answer_arrays
    observations += [*registered, *counted, *listed, *triangles, *certified, *records, *answers]
    powers = {power_name(piece.name): np.asarray(1.0) for piece in observations}
    return ModelInputs(
        grid=grid,
        studies=studies,
        points=survival_points(points, studies),
        last_survival_follow_up=_last_follow_up(points, bundle),
        floor=_joined(floors),
        primaries=primaries,
        recurrence=recurrence,
        age_cuts=DEATH_AGE_CUTS,
        death_age_shares=shares,
        levels=grid.areas.membership(codes),
        level_codes=codes,
        arrays={**arrays, **powers},
        completeness_sources=tuple(sources),
        observations=tuple(observations),
        delays=tuple(delays),
        flows=tuple(flows),
        survival_cells=cells,
        convolved=_convolved_levels(observations, arrays, len(codes)),
        population=population,
        population_note=note,
        deaths_frame=deaths,
        ages=age_inputs,
    )


def _level_codes(bundle: Any, grid: StudyGrid) -> tuple[str, ...]:
    """Codes at which counts of metastatic disease or deaths sit, in the order of the areas."""
    kinds = (
        "deaths",
        "registrations",
        "completeness_audit",
        "validation_sample",
        "overlapping_lists",
        "grouped_codes",
        "living_counts",
        "death_certificate_cases",
    )
    used = {code for kind in kinds for piece in bundle.by_kind(kind) for code in piece.area_codes}
    return tuple(code for code in grid.areas.all_codes if code in used) or (grid.areas.total_code,)


def _convolved_levels(
    observations: Sequence[Observation], arrays: dict[str, NDArray[Any]], n_levels: int
) -> tuple[int, ...] | None:
    """Levels at which deaths or the living are observed (one at least); None for all of them."""
    wanted: set[int] = set()
    for piece in observations:
        if piece.convolved_levels == "none":
            continue
        own = arrays.get(f"{piece.name}_level")
        if piece.convolved_levels == "all" or own is None:
            return None
        wanted |= set(np.unique(own).tolist())
    return tuple(sorted(wanted)) or (n_levels - 1,)


def _primaries(bundle: Any, grid: StudyGrid, pause_years: Collection[int]) -> PrimarySeries | None:
    rows = _rows(bundle, "primary_registrations", grid, keep_all_years=True)
    if rows.empty:
        return None
    rows["middle"] = (rows[COUNT_LOWER] + rows[COUNT_UPPER]) / 2
    wide = rows.pivot(index=AREA_CODE, columns=YEAR, values="middle").reindex(list(grid.areas.codes))
    return lay_on_grid(wide.to_numpy(float), wide.columns.to_numpy(np.int64), grid, pause_years)


def _recurrence(
    bundle: Any, grid: StudyGrid, age_weights: Floats, hazard: Floats, years: NDArray[np.int64]
) -> RecurrenceTable | None:
    tables = bundle.by_kind("distant_recurrence")
    return build_recurrence_table(
        tables[0].frame, age_weights, hazard, years, grid, tables[0].study_error_sd) if tables else None


def _floors(hazard: Floats, ages: Sequence[Floats], n: int) -> tuple[Floats, Floats, Floats]:
    """Cumulative other-cause hazard of each presentation's mixture of ages at the quadrature nodes."""
    u = (FIRST_NODES, np.arange(n + 1, dtype=float), np.arange(1, n, dtype=float)[:, None] + LATER_NODES)
    stacked = [_floor_at(hazard, ages, d.ravel()).reshape(len(ages), *d.shape) for d in u]
    return stacked[0], stacked[1], stacked[2]


def _floor_at(hazard: Floats, ages: Sequence[Floats], durations: Floats) -> Floats:
    """Cumulative other-cause hazard of each presentation's mixture of ages, shape (2, n)."""
    single = np.arange(hazard.size) + 0.5
    alive = np.stack([expected_survival(hazard, single, weights, durations) for weights in ages])
    return np.asarray(-np.log(np.maximum(alive, 1e-12)))


def _last_follow_up(points: pd.DataFrame, bundle: Any) -> float:
    """Years of the last published point; without any, the end of the last cell of survival records with a death."""
    if len(points):
        return float(points["duration_years"].max())
    frames = [piece.data for kind in survival_records.KINDS for piece in bundle.by_kind(kind)]
    ends = [frame.loc[frame["deaths"] > 0, "duration_to_years"].max() for frame in frames]
    return float(np.nanmax([*ends, 1.0]))


def _joined(floors: tuple[Floats, Floats, Floats]) -> Floats:
    """Floors at the three kinds of nodes side by side, shape (n, n_nodes)."""
    return np.concatenate([floors[0], floors[1], floors[2].reshape(floors[2].shape[0], -1)], axis=1)


def _own_studies(bundle: Any) -> list[str]:
    return [name for piece in bundle.by_kind("published_survival") for name in piece.own_studies]


def _points(bundle: Any, floors: tuple[Floats, Floats, Floats]) -> pd.DataFrame:
    """Published points on the log cumulative hazard scale, all of them all-cause."""
    frames = [piece.points() for piece in bundle.by_kind("published_survival")]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in POINT_COLUMNS})
    points = pd.concat(frames, ignore_index=True)
    if undated := int(points["diagnosis_year_mid"].isna().sum()):
        raise EvidenceError(
            Problem(
                "E-DIAGNOSIS-YEARS",
                "published_survival",
                f"every point needs its years of diagnosis; {undated} of {len(points)} have none",
                "Fill diagnosis_year_from and diagnosis_year_to, or leave the rows out.",
                column="diagnosis_year_from",
            )
        )
    net = points["survival_kind"] != "observed"
    if net.any():
        row = points["presentation"].map({"de_novo": 0, "recurrent": 1, "all": 1}).to_numpy()
        starts = floors[1]
        grid_u = np.arange(starts.shape[1])
        end = points["duration_years"].to_numpy(float)
        start = points["duration_from_years"].astype(float).fillna(0.0).to_numpy()
        added = np.array(
            [
                np.interp(e, grid_u, starts[r]) - np.interp(s, grid_u, starts[r])
                for r, s, e in zip(row, start, end, strict=True)
            ]
        )
        span = np.where(points["measure"] == "hazard", end - start, 1.0)
        all_cause = np.log(np.exp(points["eta"].to_numpy(float)) + added / span)
        shrink = np.exp(points["eta"].to_numpy(float) - all_cause)
        points["eta"] = np.where(net, all_cause, points["eta"])
        points["eta_se"] = np.where(net, points["eta_se"] * shrink, points["eta_se"])
    return points


def _death_age_shares(bundle: Any, grid: StudyGrid) -> Floats:
    tables = [t for piece in bundle.by_kind("deaths") if (t := piece.age_shares(DEATH_AGE_CUTS)) is not None]
    if not tables:
        return np.ones((grid.years.size, 1))
    shares = tables[0].dropna().set_index(YEAR).sort_index()
    if shares.empty:  # no death in any year: there is no mix of ages
        return np.ones((grid.years.size, 1))
    nearest = np.clip(grid.years, shares.index.min(), shares.index.max())
    return shares.reindex(nearest, method="nearest").to_numpy(float)


def _rows(bundle: Any, kind: str, grid: StudyGrid, *, keep_all_years: bool = False) -> pd.DataFrame:
    pieces = bundle.by_kind(kind)
    if not pieces:
        return pd.DataFrame(columns=[AREA_CODE, YEAR, COUNT_LOWER, COUNT_UPPER])
    rows = pd.concat([piece.totals() for piece in pieces], ignore_index=True)
    if keep_all_years:
        return rows
    return rows[(rows[YEAR] >= grid.first_year) & (rows[YEAR] <= grid.last_year)].reset_index(drop=True)


def _rows_by_age(bundle: Any, grid: StudyGrid, bands: AgeBands) -> pd.DataFrame:
    """Deaths on the study's years in the bands of the model."""
    pieces = [counts_by_age(piece, bands) for piece in bundle.by_kind("deaths")]
    if not pieces:
        return pd.DataFrame(columns=[AREA_CODE, YEAR, AGE, COUNT_LOWER, COUNT_UPPER])
    rows = pd.concat(pieces, ignore_index=True)
    return rows[(rows[YEAR] >= grid.first_year) & (rows[YEAR] <= grid.last_year)].reset_index(drop=True)
