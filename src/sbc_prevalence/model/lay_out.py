"""From a bundle of evidence to arrays on the study grid."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.life_table import expected_survival, other_cause_hazard
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.primaries import PrimarySeries, lay_on_grid
from sbc_prevalence.evidence.recurrence_table import RecurrenceTable, build_recurrence_table
from sbc_prevalence.grid import (
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    YEAR,
    StudyGrid,
    parse_age_band,
    year_fraction,
)
from sbc_prevalence.kernels.survivorship import FIRST_NODES, LATER_NODES
from sbc_prevalence.model.inputs import (
    Accuracy,
    CompletenessSource,
    LivingCount,
    ModelInputs,
    level_reference,
    survival_points,
)
from sbc_prevalence.model.likelihood import LARGEST_INTERVAL, interval_support

DEATH_AGE_CUTS = (65, 80)
ROW_BLOCK = 32
NEVER = 1.0

Floats = NDArray[np.float64]


def lay_out(bundle: Any, grid: StudyGrid, *, pause_years: Collection[int] = ()) -> ModelInputs:
    """Arrays of every piece of evidence on one grid.

    Parameters
    ----------
    bundle : EvidenceBundle
    grid : StudyGrid
        From ``bundle.align``.
    pause_years : collection of int
        Years in which registration of primaries was interrupted.

    Raises
    ------
    EvidenceError
        If the evidence that a model cannot do without is missing, or a count is too uncertain to sum over.
    """
    required = {
        "published_survival": "survival after metastatic diagnosis",
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
    if missing:
        raise EvidenceError(missing)

    _, life_years, hazard = other_cause_hazard(bundle.by_kind("other_cause_mortality")[0].frame)
    age_weights = _age_weights(bundle.by_kind("primary_age_profile")[0].frame, hazard.shape[1])
    primaries = _primaries(bundle, grid, pause_years)
    recurrence = _recurrence(bundle, grid, age_weights, hazard, life_years)
    middle = int(np.clip((grid.first_data_year + grid.last_data_year) // 2, life_years[0], life_years[-1]))
    at_recurrence = recurrence.age_at_recurrence if recurrence is not None else age_weights
    floors = _floors(hazard[middle - life_years[0]], (age_weights, at_recurrence), grid.years.size)

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
        population, _, note = bundle.by_kind("population")[0].matrix(grid.areas, grid.years)
        arrays["population"] = population
    shares = _death_age_shares(bundle, grid)
    arrays["death_age_shares"] = shares
    deaths = _rows(bundle, "deaths", grid)
    if len(deaths):
        arrays |= _count_arrays("deaths", deaths, codes, grid)
        arrays["level_reference"] = level_reference(
            *(arrays[f"deaths_{word}"] for word in ("level", "values", "log_mask", "weight"))
        )
    sources, source_arrays = _registrations(bundle, grid, codes)
    counts, count_arrays = _living_counts(bundle, grid, codes)
    return ModelInputs(
        grid=grid,
        studies=studies,
        points=survival_points(points, studies),
        last_survival_follow_up=float(points["duration_years"].max()),
        floor=np.concatenate([floors[0], floors[1], floors[2].reshape(2, -1)], axis=1),
        primaries=primaries,
        recurrence=recurrence,
        age_cuts=DEATH_AGE_CUTS,
        death_age_shares=shares,
        levels=grid.areas.membership(codes),
        level_codes=codes,
        arrays={**arrays, **source_arrays, **count_arrays},
        completeness_sources=sources,
        living_counts=counts,
        population=population,
        population_note=note,
        deaths_frame=deaths,
    )


def _level_codes(bundle: Any, grid: StudyGrid) -> tuple[str, ...]:
    """Codes at which counts of metastatic disease or deaths sit, in the order of the areas."""
    kinds = ("deaths", "registrations", "living_counts")
    used = {code for kind in kinds for piece in bundle.by_kind(kind) for code in piece.area_codes}
    return tuple(code for code in grid.areas.all_codes if code in used) or (grid.areas.total_code,)


def _age_weights(profile: pd.DataFrame, n_ages: int) -> Floats:
    weights = np.zeros(n_ages)
    middle = (profile[COUNT_LOWER] + profile[COUNT_UPPER]) / 2
    for band, count in middle.groupby(profile["age_band"]).sum().items():
        low, high = parse_age_band(str(band))
        ages = np.arange(low, min(high if high is not None else low + 5, n_ages))
        weights[ages] += count / ages.size
    return weights / weights.sum()


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
    single = np.arange(hazard.size) + 0.5

    def cumulative(weights: Floats, durations: Floats) -> Floats:
        alive = expected_survival(hazard, single, weights, durations.ravel()).reshape(durations.shape)
        return -np.log(np.maximum(alive, 1e-12))

    stacked = [np.stack([cumulative(w, d) for w in ages]) for d in u]
    return stacked[0], stacked[1], stacked[2]


def _own_studies(bundle: Any) -> list[str]:
    return [name for piece in bundle.by_kind("published_survival") for name in piece.own_studies]


def _points(bundle: Any, floors: tuple[Floats, Floats, Floats]) -> pd.DataFrame:
    """Published points on the log cumulative hazard scale, all of them all-cause."""
    frames = [piece.points() for piece in bundle.by_kind("published_survival")]
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


def _padded(values: NDArray[Any], n: int) -> NDArray[Any]:
    return np.concatenate([values, np.repeat(values[:1], n - values.shape[0], axis=0)])


def _count_arrays(
    name: str, rows: pd.DataFrame, codes: tuple[str, ...], grid: StudyGrid
) -> dict[str, NDArray[Any]]:
    """Rows of counts, padded to whole blocks so that another year's rows keep the shape."""
    lower, upper = rows[COUNT_LOWER].to_numpy(np.int64), rows[COUNT_UPPER].to_numpy(np.int64)
    if np.any(upper - lower > LARGEST_INTERVAL):
        raise EvidenceError(
            Problem(
                "E-INTERVAL-WIDE",
                name,
                f"an interval must not span more than {LARGEST_INTERVAL} persons",
                "Give a narrower interval or leave the row out.",
                column=COUNT_UPPER,
            )
        )
    n = int(np.ceil(len(rows) / ROW_BLOCK)) * ROW_BLOCK
    values, mask = interval_support(lower, upper)
    return {
        f"{name}_level": _padded(np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64), n),
        f"{name}_year": _padded(rows[YEAR].to_numpy(np.int64) - grid.first_year, n),
        f"{name}_values": _padded(values, n),
        f"{name}_log_mask": _padded(mask, n),
        f"{name}_weight": np.concatenate([np.ones(len(rows)), np.zeros(n - len(rows))]),
    }


def _registrations(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...]
) -> tuple[tuple[CompletenessSource, ...], dict[str, NDArray[Any]]]:
    sources: list[CompletenessSource] = []
    arrays: dict[str, NDArray[Any]] = {}
    audits = [piece.frame for piece in bundle.by_kind("completeness_audit")]
    audit = pd.concat(audits, ignore_index=True) if audits else None
    for piece in bundle.by_kind("registrations"):
        for presentation, rows in piece.frame.groupby("presentation"):
            label = f"{piece.name}_{presentation}".replace(" ", "_").replace(".", "_")
            kinds = ("de_novo", "recurrent") if presentation == "all" else (str(presentation),)
            summed = rows.groupby([AREA_CODE, YEAR], as_index=False)[[COUNT_LOWER, COUNT_UPPER]].sum()
            summed = summed[(summed[YEAR] >= grid.first_year) & (summed[YEAR] <= grid.last_year)]
            known_cases = _audit_rows(audit, piece.name, piece.provenance.source, str(presentation))
            sources.append(_completeness(label, kinds, piece.completeness, known_cases is not None))
            arrays |= _count_arrays(label, summed, codes, grid)
            if known_cases is not None:
                arrays[f"{label}_audit_found"] = known_cases["n_found"].to_numpy(float)
                arrays[f"{label}_audit_known"] = known_cases["n_known"].to_numpy(float)
    return tuple(sources), arrays


def _audit_rows(audit: pd.DataFrame | None, name: str, source: str, presentation: str) -> pd.DataFrame | None:
    if audit is None:
        return None
    chosen = audit[
        audit["source_audited"].isin([name, source]) & audit["presentation"].isin([presentation, "all"])
    ]
    return chosen if len(chosen) else None


def _completeness(label: str, kinds: tuple[str, ...], prior: Any, audited: bool) -> CompletenessSource:
    if prior is not None and prior.kind == "known":
        return CompletenessSource(label, kinds, float(prior.value), 0.0, 0.0, "Given as known.")
    if prior is not None:
        low, mid, high = (np.log(v) - np.log1p(-v) for v in (prior.lower95, prior.median, prior.upper95))
        return CompletenessSource(
            label, kinds, None, float(mid), float((high - low) / 3.92), "Prior of the evidence."
        )
    if audited:
        return CompletenessSource(label, kinds, None, 0.0, 1.5, "Nearly flat; its audit informs it.")
    raise EvidenceError(
        Problem(
            "E-COMPLETENESS-UNANCHORED",
            label,
            "completeness must have a prior or an audit: counts alone cannot tell it from incidence",
            "Give 'completeness' with the registrations, or an audit of the source.",
        )
    )


def _living_counts(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...]
) -> tuple[tuple[LivingCount, ...], dict[str, NDArray[Any]]]:
    counts: list[LivingCount] = []
    arrays: dict[str, NDArray[Any]] = {}
    for piece in bundle.by_kind("living_counts"):
        for i, row in piece.frame.reset_index(drop=True).iterrows():
            name = f"{piece.name}_{i}".replace(" ", "_").replace(".", "_")
            year, fraction = year_fraction(pd.Timestamp(row["index_date"]).date())
            if not grid.first_year < year <= grid.last_year:
                raise EvidenceError(
                    Problem(
                        "E-INDEX-DATE",
                        piece.name,
                        "the index date must lie on the study's years",
                        "Move the date or the grid.",
                        column="index_date",
                        rows=(int(str(i)) + 2,),
                    )
                )
            base = row.get("base_population")
            counts.append(
                LivingCount(
                    name,
                    codes.index(row[AREA_CODE]),
                    year - grid.first_year,
                    fraction,
                    piece.definition == "coded_in_year",
                    0.0 if base is None or pd.isna(base) else float(base),
                    _accuracy(piece.sensitivity),
                    _accuracy(piece.specificity),
                )
            )
            values, mask = interval_support(
                np.array([int(row[COUNT_LOWER])]), np.array([int(row[COUNT_UPPER])])
            )
            arrays[f"{name}_values"], arrays[f"{name}_log_mask"] = values, mask
    return tuple(counts), arrays


def _accuracy(prior: Any) -> Accuracy:
    if prior is None:
        return Accuracy(NEVER)
    if prior.value is not None:
        return Accuracy(float(prior.value))
    return Accuracy(None, float(prior.found), float(prior.of))
