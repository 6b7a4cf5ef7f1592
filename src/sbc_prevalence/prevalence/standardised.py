"""Age-standardised rates of estimates: the posterior of sum_a w_a theta_a, draw by draw."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.standards import EUROPEAN_2013, standard_weights
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AGE_BAND, ALL
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.intervals import CI_KIND, DEFAULT_CI_PROB, median_and_interval
from sbc_prevalence.prevalence.quantity import COLUMNS, LIVING, NEWLY_DIAGNOSED, Quantity

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

STANDARDISED = {LIVING: "living_asr_per_100k", NEWLY_DIAGNOSED: "new_asr_per_100k"}


@dataclass(frozen=True, repr=False)
class StandardisedRate:
    """A rate per 100,000 that a standard population would have at the rates by age of an area.

    Parameters
    ----------
    by_age : Quantity
        Rates by age band, per 100,000.
    standard : str
        Name of the standard population.
    """

    by_age: Quantity
    standard: str = EUROPEAN_2013

    def values(self) -> tuple[Floats, list[int], list[str]]:
        """Draws of shape (n, area, year), and the years and index dates along the axis of years.

        Raises
        ------
        EvidenceError
            If the fit has no ages, an area has no population by age, or the bands do not nest the standard's.
        """
        rates, years, dates = self.by_age.values()
        assert self.by_age.estimates.fitted.inputs.ages is not None
        weights = standard_weights(self.by_age.estimates.fitted.inputs.ages.bands, self.standard)
        return np.einsum("nraty,a->nry", rates[..., 0], weights / weights.sum()), years, dates

    @property
    def draws(self) -> Floats:
        """Draws of shape (chain, draw, area, year)."""
        est = self.by_age.estimates
        values, _, _ = self.values()
        return values.reshape(est.n_chains, est.n_draws, *values.shape[1:])

    def table(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Tidy rows with median and equal-tailed interval: the columns of `Quantity.table`."""
        values, years, dates = self.values()
        shown, est = self.by_age, self.by_age.estimates
        areas = est.grid.areas
        median, lower, upper = median_and_interval(values, ci_prob).reshape(3, -1)
        index = pd.MultiIndex.from_product([shown.codes, range(len(dates))], names=["area_code", "place"])
        frame = index.to_frame(index=False)
        place = frame.pop("place").to_numpy()
        frame = frame.assign(
            year=np.asarray(years, dtype=np.int64)[place], index_date=np.asarray(dates, dtype=object)[place],
            quantity=STANDARDISED[shown.name], basis=shown.basis, presentation=ALL, duration_band=ALL,
            unit=f"{shown.unit}, {self.standard}", median=median, lower=lower, upper=upper, ci_prob=ci_prob,
            ci_kind=CI_KIND)
        frame = frame.assign(
            area_name=frame["area_code"].map(areas.name_of), area_level=frame["area_code"].map(areas.level_of),
            projected=frame["year"].map(est.grid.is_projected).astype(bool),
            rests_on=[est.rests_on(c, y, shown.name)
                      for c, y in zip(frame["area_code"], frame["year"], strict=True)])
        return in_shown_order(frame[list(COLUMNS)], areas)

    def __repr__(self) -> str:
        table = self.table()[["area_name", "year", "median", "lower", "upper", "ci_prob", "ci_kind"]]
        title = f"{STANDARDISED[self.by_age.name]} ({self.by_age.basis}, {self.standard}); {self.by_age.estimates.scope}"
        return f"{title}\n{table.round({'median': 1, 'lower': 1, 'upper': 1}).to_string(index=False)}"


def people_by_age(est: "Estimates", codes: "tuple[str, ...] | list[str]", years: list[int]) -> Floats:
    """People by area code, age band and year, shape (len(codes), n_bands, len(years)).

    The whole and groups take their own figures, or the sum of their parts.

    Raises
    ------
    EvidenceError
        If there is no population by age for a code.
    """
    inputs, areas = est.fitted.inputs, est.grid.areas
    known = None if inputs.ages is None else inputs.ages.population
    if inputs.ages is None or known is None:
        raise _lacking("the study has no population by age")
    given = dict(zip(inputs.ages.population_codes, known[..., np.asarray(years) - est.grid.first_year], strict=True))
    parts = {code: [areas.codes[i] for i in np.flatnonzero(row)] for code, row in
             zip(codes, areas.membership(list(codes)), strict=True)}
    found = {code: given[code] if code in given else sum(given[part] for part in parts[code]) for code in codes
             if code in given or set(parts[code]) <= set(given)}
    if absent := [code for code in codes if code not in found]:
        raise _lacking(f"{len(absent)} areas have no population by age", ", ".join(absent[:5]))
    return np.stack([found[code] for code in codes])


def has_people_by_age(est: "Estimates", codes: "tuple[str, ...] | list[str]") -> bool:
    """Whether rates by age can be given for all these codes."""
    try:
        people_by_age(est, codes, [int(est.draws.years[0])])
    except EvidenceError:
        return False
    return True


def _lacking(requirement: str, detail: str | None = None) -> EvidenceError:
    return EvidenceError(Problem(
        "E-NO-POPULATION", "population", f"rates by age need the population by age; {requirement}",
        "Add an [[evidence]] table of kind 'population' with the column age_band, or ask for persons.",
        column=AGE_BAND, detail=detail))
