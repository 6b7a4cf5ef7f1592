"""The release table of ages: living and newly diagnosed by age band, crude and standardised rates."""

from typing import TYPE_CHECKING

import pandas as pd

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import AGE_AT_DIAGNOSIS, AGE_BAND, ALL, AREA, YEAR
from sbc_prevalence.prevalence.intervals import DEFAULT_CI_PROB
from sbc_prevalence.prevalence.quantity import EXPECTED, GROUP, LIVING, NATION, NEWLY_DIAGNOSED, REALISED
from sbc_prevalence.prevalence.standardised import has_people_by_age

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

AGE_KIND = "age_kind"
ATTAINED, AT_DIAGNOSIS, STANDARDISED = "attained", "at diagnosis", "standardised"
AGE_COLUMNS = (
    "quantity", "basis", "area_code", "area_name", "area_level", "year", "index_date", AGE_KIND, AGE_BAND, "unit",
    "median", "lower", "upper", "ci_prob", "ci_kind", "projected")


def ages_table(est: "Estimates", ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
    """Every published number by age, and what stands beside it.

    The whole in every reported year, areas and groups at the index date: living by attained age and by age at
    diagnosis, newly diagnosed by age at diagnosis, realised and expected; all ages together; and where the population
    is known by age, rates of each band (expected) with their age-standardised sums.

    Returns
    -------
    DataFrame
        Columns `AGE_COLUMNS`; empty for a model without ages.
    """
    if est.draws.ages is None:
        return pd.DataFrame(columns=list(AGE_COLUMNS))
    areas = est.grid.areas
    places: list[tuple[str, ...]] = [(YEAR,)]
    places += [(AREA,)] if areas.codes != (areas.total_code,) else []
    places += [(GROUP,)] if areas.groups else []
    if est.draws.living_at is not None:
        places.append(())
    frames: list[pd.DataFrame] = []
    for place in places:
        by = place or (NATION,)
        for basis in (EXPECTED, REALISED):
            for kind, axis in ((ATTAINED, AGE_BAND), (AT_DIAGNOSIS, AGE_AT_DIAGNOSIS)):
                living = est.point_prevalence((*by, axis), basis=basis).table(ci_prob)
                frames.append(living.rename(columns={axis: AGE_BAND}).assign(**{AGE_KIND: kind}))
            newly = est.newly_diagnosed((*by, AGE_BAND), basis=basis).table(ci_prob)
            frames.append(newly.assign(**{AGE_KIND: AT_DIAGNOSIS}))
            for quantity in (est.point_prevalence, est.newly_diagnosed):
                frames.append(quantity(by, basis=basis).table(ci_prob).assign(**{AGE_KIND: ALL, AGE_BAND: ALL}))
        frames += _rates(est, by, ci_prob)
    joined = pd.concat(frames, ignore_index=True)[list(AGE_COLUMNS)]
    return joined.drop_duplicates(["quantity", "basis", "area_code", "year", "index_date", AGE_KIND, AGE_BAND],
                                  ignore_index=True)


def _rates(est: "Estimates", by: tuple[str, ...], ci_prob: float) -> list[pd.DataFrame]:
    """Rates of bands, of all ages, and standardised, of one kind of place; none where the population is not known."""
    codes = est.point_prevalence(by).codes
    if not has_people_by_age(est, list(codes)):
        return []
    frames = []
    for name, quantity, kind in ((LIVING, est.point_prevalence, ATTAINED),
                                 (NEWLY_DIAGNOSED, est.newly_diagnosed, AT_DIAGNOSIS)):
        bands = quantity((*by, AGE_BAND), basis=EXPECTED, per_100k=True).table(ci_prob)
        frames.append(bands.assign(**{AGE_KIND: kind}))
        crude = quantity(by, basis=EXPECTED, per_100k=True).table(ci_prob)
        frames.append(crude.assign(**{AGE_KIND: ALL, AGE_BAND: ALL}))
        try:
            standardised = est.age_standardised_rate(name, by).table(ci_prob)
        except EvidenceError:  # bands that are not made of the standard's
            continue
        frames.append(standardised.assign(**{AGE_KIND: STANDARDISED, AGE_BAND: ALL}))
    return frames
