"""Evidence by age brought into the age bands of a model; what does not nest is refused."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.tables import FIRST_DATA_ROW
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.counted import CountedEvidence, Deaths, PrimaryAgeProfile
from sbc_prevalence.evidence.population import Population
from sbc_prevalence.grid import (
    AGE_BAND,
    ALL,
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    PRESENTATION,
    YEAR,
    AgeBands,
    parse_age_band,
)

Floats = NDArray[np.float64]

AGE = "age"
"""Position of an age band of the model; the number of bands stands for all ages together."""
OPEN_BAND_YEARS = 5
"""Width that an open band of a table is given when its people are spread over single ages."""
YEARS_TOGETHER = 5
"""Years of primaries that are taken together, so that chance does not make the mix of ages jump."""


def placed_bands(piece: CountedEvidence, bands: AgeBands) -> pd.Series:
    """Position of the model's band that holds each row; ``bands.size`` for all ages together.

    Raises
    ------
    EvidenceError
        If a band of the table lies across two bands of the model: the rows are named.
    """
    if AGE_BAND not in piece.data.columns:
        return pd.Series(bands.size, index=piece.data.index)
    column = piece.data[AGE_BAND]
    places = {text: bands.size if text == ALL else bands.place(text) for text in column.unique()}
    across = column.map({text: place is None for text, place in places.items()}).astype(bool)
    if across.any():
        raise EvidenceError(
            Problem(
                "E-AGE-NEST",
                piece.name,
                "each age band must lie within one of the model's",
                f"The model has {', '.join(bands.labels)}: give narrower bands, or choose others in model.ages.",
                column=AGE_BAND,
                rows=tuple(int(i) + FIRST_DATA_ROW for i in piece.data.index[across]),
                n_rows=len(piece.data),
            )
        )
    return column.map(places).astype("int64")


def counts_by_age(piece: CountedEvidence, bands: AgeBands) -> pd.DataFrame:
    """Counts summed into the bands of the model.

    Returns
    -------
    DataFrame
        ``area_code``, ``year`` (and ``presentation`` where there is one), ``age`` (see `AGE`), ``count_lower``,
        ``count_upper`` [persons]; sorted by these columns.

    Raises
    ------
    EvidenceError
        If a band does not nest.
    """
    rows = piece.data.assign(**{AGE: placed_bands(piece, bands)})
    keys = [c for c in (AREA_CODE, YEAR, PRESENTATION) if c in rows.columns]
    return rows.groupby([*keys, AGE], sort=True)[[COUNT_LOWER, COUNT_UPPER]].sum().reset_index()


def death_groups_by_age(
    pieces: Sequence[Deaths], bands: AgeBands, cuts: Sequence[int], years: NDArray[np.int64]
) -> Floats:
    """Share of certified deaths in each group of death attribution, within each band of the model.

    Parameters
    ----------
    pieces : sequence of Deaths
        The first with ages is used, all areas together.
    bands : AgeBands
    cuts : sequence of int
        Ages at which the groups begin, after the first.
    years : int array, shape (n_years,)
        Years without deaths take those of the nearest year with deaths.

    Returns
    -------
    array, shape (n_years, n_bands, n_groups)
        1 in one place where a band lies within a group; a single group where no deaths are by age.
    """
    by_age = [piece for piece in pieces if piece.has_ages]
    if not by_age:
        return np.ones((years.size, bands.size, 1))
    piece = by_age[0]
    rows = piece.data[piece.data[AGE_BAND] != ALL]
    place = placed_bands(piece, bands)[rows.index]
    group = rows[AGE_BAND].map(lambda text: sum(parse_age_band(text)[0] >= cut for cut in cuts))
    middle = (rows[COUNT_LOWER] + rows[COUNT_UPPER]) / 2
    first, last = int(rows[YEAR].min()), int(rows[YEAR].max())
    counts = np.zeros((last - first + 1, bands.size, len(cuts) + 1))
    at = (rows[YEAR].to_numpy(int) - first, place.to_numpy(int), group.to_numpy(int))
    np.add.at(counts, at, middle.to_numpy(float))
    pooled = counts.sum(0)
    possible = _groups_of_bands(bands, cuts)
    usual = np.where(pooled.sum(-1, keepdims=True) > 0, pooled, possible)
    counts = np.where(counts.sum(-1, keepdims=True) > 0, counts, usual)
    shares = counts / counts.sum(-1, keepdims=True)
    return np.asarray(shares[np.clip(years, first, last) - first])


def _groups_of_bands(bands: AgeBands, cuts: Sequence[int]) -> Floats:
    """1 where a group of death attribution and a band of the model share an age, shape (n_bands, n_groups)."""
    ends = (*bands.starts[1:], np.inf)
    lows, highs = (0, *cuts), (*cuts, np.inf)
    return np.array([[float(low < end and start < high) for low, high in zip(lows, highs, strict=True)]
                     for start, end in zip(bands.starts, ends, strict=True)])


def single_ages(profile: pd.DataFrame, n_ages: int) -> Floats:
    """Share of people at each single year of age; people are spread evenly over the ages of their band.

    Parameters
    ----------
    profile : DataFrame
        Rows of kind ``primary_age_profile``; the middle of an interval stands for it.
    n_ages : int

    Returns
    -------
    array, shape (n_ages,)
    """
    weights = np.zeros(n_ages)
    middle = (profile[COUNT_LOWER] + profile[COUNT_UPPER]) / 2
    for band, count in middle.groupby(profile[AGE_BAND]).sum().items():
        low, high = parse_age_band(str(band))
        ages = np.arange(low, min(high if high is not None else low + OPEN_BAND_YEARS, n_ages))
        weights[ages] += count / ages.size
    return weights / weights.sum()


def single_ages_by_year(piece: PrimaryAgeProfile, years: NDArray[np.int64], n_ages: int) -> Floats:
    """Share of the primaries of each year at each single year of age, shape (n_years, n_ages).

    `YEARS_TOGETHER` years are taken together; years before the first and after the last take those at the end. A
    profile without years is the same in all.
    """
    frame = piece.data[piece.data[AGE_BAND] != ALL]
    if YEAR not in frame.columns or frame[YEAR].nunique() < 2:
        return np.tile(single_ages(frame, n_ages), (years.size, 1))
    seen = np.arange(int(frame[YEAR].min()), int(frame[YEAR].max()) + 1)
    half = YEARS_TOGETHER // 2
    centres = np.clip(seen, seen[0] + half, max(seen[-1] - half, seen[0] + half))
    pooled = {int(c): single_ages(frame[(frame[YEAR] - c).abs() <= half], n_ages) for c in np.unique(centres)}
    return np.stack([pooled[int(centres[year - seen[0]])] for year in np.clip(years, seen[0], seen[-1])])


def population_by_age(
    pieces: Sequence[Population], codes: Sequence[str], years: NDArray[np.int64], bands: AgeBands
) -> Floats:
    """People by area code, age band of the model and year.

    Parameters
    ----------
    pieces : sequence of Population
    codes : sequence of str
    years : int array, shape (n_years,)
        Outside the years given, the nearest year stands.
    bands : AgeBands

    Returns
    -------
    array, shape (n_codes, n_bands, n_years)
        Persons; NaN for a code whose population is not given by age.

    Raises
    ------
    EvidenceError
        If a band does not nest.
    """
    found = np.full((len(codes), bands.size, years.size), np.nan)
    for piece in pieces:
        if not piece.has_ages:
            continue
        rows = piece.data.assign(**{AGE: placed_bands(piece, bands)})
        rows = rows[rows[AGE] < bands.size]
        wide = rows.pivot_table(index=[AREA_CODE, YEAR], columns=AGE, values="population", aggfunc="sum")
        for i, code in enumerate(codes):
            if code not in wide.index.get_level_values(0):
                continue
            own = pd.DataFrame(wide.xs(code, level=AREA_CODE)).reindex(columns=list(range(bands.size))).dropna()
            if len(own):
                known = own.index.to_numpy(int)
                nearest = np.abs(known[None, :] - np.asarray(years)[:, None]).argmin(1)
                found[i] = own.to_numpy(float)[nearest].T
    return found
