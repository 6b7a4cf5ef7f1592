"""From a fit to epidemiological quantities, always draw by draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.standards import EUROPEAN_2013
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AGE_BAND, AREA, YEAR, StudyGrid, span_of_years, year_fraction
from sbc_prevalence.prevalence import checks, wording
from sbc_prevalence.prevalence.conflict import conflicts
from sbc_prevalence.prevalence.decomposition import Decomposition, decompose
from sbc_prevalence.prevalence.draws import FittedLike, QuantityDraws, compute, flattened
from sbc_prevalence.prevalence.identifiability import Refit, identifiability, influences
from sbc_prevalence.prevalence.intervals import DEFAULT_CI_PROB
from sbc_prevalence.prevalence.quantity import (
    EXPECTED,
    GROUP,
    LIVING,
    NATION,
    NEWLY_DIAGNOSED,
    REALISED,
    Quantity,
    checked_basis,
    checked_by,
)
from sbc_prevalence.prevalence.standardised import StandardisedRate, people_by_age


@dataclass(frozen=True, repr=False)
class Estimates:
    """Newly diagnosed and living people, by draw.

    Parameters
    ----------
    fitted : Fitted
        The fit that they come from.
    draws : QuantityDraws
    index_date : date
        Date at whose end the living are counted.
    n_chains, n_draws : int
    seed : int
        Of the realised counts.
    population_described : str
        Who is counted, e.g. ``"women"``.
    """

    fitted: FittedLike = field(repr=False)
    draws: QuantityDraws = field(repr=False)
    index_date: date
    n_chains: int
    n_draws: int
    seed: int
    population_described: str = "women"

    @property
    def grid(self) -> StudyGrid:
        """Axes of the study."""
        return self.fitted.inputs.grid

    @property
    def position(self) -> int:
        """Place of the year of the index date among the reported years."""
        return int(self.index_date.year - self.draws.years[0])

    @property
    def scope(self) -> str:
        """Who is counted and which disease."""
        return wording.scope(self.population_described)

    def point_prevalence(
        self, by: str | Sequence[str] = NATION, *, basis: str = REALISED, per_100k: bool = False
    ) -> Quantity:
        """People living with metastatic disease at the end of the index date.

        Parameters
        ----------
        by : str or sequence of str
            ``"nation"``, ``"area"``, ``"group"``, ``"presentation"``, ``"duration"``, ``"year"`` (31 December
            of every reported year), ``"age_band"`` (attained on the date) or ``"age_at_diagnosis"`` under a model with
            ages, or several of them.
        basis : {"realised", "expected"}
            Realised counts hold the noise of counting people; for an area with 40 expected it matters.
        per_100k : bool
            Per 100,000 people of the population.
        """
        return Quantity(self, LIVING, checked_by(by, LIVING), checked_basis(basis), per_100k)

    def newly_diagnosed(
        self, by: str | Sequence[str] = NATION, *, basis: str = REALISED, per_100k: bool = False
    ) -> Quantity:
        """People newly diagnosed in the calendar year of the index date; arguments as in `point_prevalence`."""
        return Quantity(self, NEWLY_DIAGNOSED, checked_by(by, NEWLY_DIAGNOSED), checked_basis(basis), per_100k)

    def age_standardised_rate(
        self, quantity: str = NEWLY_DIAGNOSED, by: str | Sequence[str] = NATION, *, standard: str = EUROPEAN_2013,
        basis: str = EXPECTED
    ) -> StandardisedRate:
        """Rate per 100,000 of a standard population; needs a model with ages, and the population by age.

        Parameters
        ----------
        quantity : {"newly_diagnosed", "living"}
            New diagnoses by age at diagnosis, or the living by attained age.
        by : str or sequence of str
            ``"nation"``, ``"area"``, ``"group"``, ``"year"``.
        standard : str
            Name of a carried standard population.
        basis : {"expected", "realised"}

        Raises
        ------
        EvidenceError
            If it is split by anything else, or what it needs is not there.
        """
        if quantity not in (LIVING, NEWLY_DIAGNOSED):
            raise EvidenceError(f"quantity={quantity!r} is not known. Use '{NEWLY_DIAGNOSED}' or '{LIVING}'.")
        asked = checked_by(by, quantity)
        if other := [axis for axis in asked if axis not in (AREA, GROUP, YEAR)]:
            raise EvidenceError(f"a standardised rate is not split by {other[0]}. Leave it out.")
        split = checked_by((*asked, AGE_BAND), quantity)
        return StandardisedRate(Quantity(self, quantity, split, checked_basis(basis), per_100k=True), standard)

    def implied_duration(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Living at the year's end divided by deaths in the year, the denominator named; nation, by year."""
        return checks.implied_duration(self, ci_prob)

    def shares(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Parts of the national answer that rest on extrapolation, by year."""
        return checks.shares(self, ci_prob)

    def deaths_fit(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Certified deaths beside deaths replicated from the fit."""
        return checks.deaths_fit(self, ci_prob)

    def prior_posterior(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Prior and posterior interval of every parameter, and how far the data narrowed it."""
        return checks.prior_posterior(self, ci_prob)

    def prior_predictive(self, ci_prob: float = DEFAULT_CI_PROB, *, n_prior: int = 2000) -> pd.DataFrame:
        """Implied duration, de novo share and living: before and after seeing the data."""
        return checks.prior_predictive(self, ci_prob, n_prior)

    def identifiability(self, ci_prob: float = DEFAULT_CI_PROB, *, n_prior: int = 2000) -> pd.DataFrame:
        """How far the data narrowed each reported figure, area by area, and completeness by source."""
        return identifiability(self, ci_prob, n_prior)

    def influences(self, refit: Refit | None = None) -> pd.DataFrame:
        """How each reported figure, area by area, answers to each source and each group of priors (power-scaling).

        Parameters
        ----------
        refit : callable, optional
            Fits a model to inputs again, for the parts whose weights the draws do not carry.
        """
        return influences(self, refit)

    def conflicts(
        self, refit: Refit | None = None, *, ci_prob: float = DEFAULT_CI_PROB, n_replicates: int = 1000
    ) -> pd.DataFrame:
        """Each source of evidence left out in turn: what the others predict for it, and the figures without it.

        Parameters
        ----------
        refit : callable, optional
            Fits a model to inputs again, for the sources that draws cannot leave out by reweighting.
        ci_prob : float
        n_replicates : int
            Sources simulated for each predictive p-value.
        """
        return conflicts(self, refit, ci_prob=ci_prob, n_replicates=n_replicates)

    def decomposition(
        self, source: str | None = None, *, known_living: Mapping[str, int] | None = None,
        frailty_shape: float | None = None,
    ) -> Decomposition:
        """The living on the index date by what a source of registrations knows of them; see `decompose`.

        Parameters
        ----------
        source : str, optional
            Name of the registrations; needed where there are several.
        known_living : mapping of area code to int, optional
            Registered people known to be alive on the index date, for every modelled area: they enter as known.
        frailty_shape : float, optional
            Shape of a gamma frailty that the known share with the others.
        """
        return decompose(self, source, known_living=known_living, frailty_shape=frailty_shape)

    def describe_words(self) -> dict[str, str]:
        """Sentences on what the numbers count and what they rest on."""
        return wording.words(self)

    def rests_on(self, area_code: str, year: int, quantity: str) -> str:
        """One sentence on what a number rests on."""
        return wording.rests_on(self, area_code, year, quantity)

    def population(self, codes: Sequence[str], years: Sequence[int]) -> NDArray[np.float64]:
        """People of the population by area code and year, shape (len(codes), len(years)).

        Raises
        ------
        EvidenceError
            If the study has no population.
        """
        people = self.fitted.inputs.population
        if people is None:
            raise EvidenceError(Problem(
                "E-NO-POPULATION", "population", "rates per 100,000 need the population by area and year",
                "Add an [[evidence]] table of kind 'population', or ask for persons."))
        places = np.asarray(years) - self.grid.first_year
        return np.asarray(self.grid.areas.membership(codes) @ people[:, places])

    def population_by_age(self, codes: Sequence[str], years: Sequence[int]) -> NDArray[np.float64]:
        """People by area code, age band and year, shape (len(codes), n_bands, len(years)).

        Raises
        ------
        EvidenceError
            If the study has no ages, or no population by age for a code.
        """
        return people_by_age(self, list(codes), list(years))

    @property
    def has_population(self) -> bool:
        """Whether rates per 100,000 can be given."""
        return self.fitted.inputs.population is not None

    def __repr__(self) -> str:
        years = span_of_years(self.draws.years[0], self.draws.years[-1])
        return (f"Estimates({self.grid.areas.total_name}, {len(self.grid.areas.codes)} areas, {years}, "
                f"index date {self.index_date.isoformat()}, {self.n_chains} chains x {self.n_draws} draws; {self.scope})")

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.point_prevalence()._repr_html_()}{self.newly_diagnosed()._repr_html_()}"


def estimate(
    fitted: FittedLike,
    *,
    index_date: str | date | None = None,
    seed: int | None = None,
    index_year_only: bool = False,
    population_described: str = "women",
) -> Estimates:
    """Newly diagnosed and living people from a fit.

    Parameters
    ----------
    fitted : Fitted
    index_date : str or date, optional
        Any day, as ``"2020-12-31"``; the living are counted at its end. By default 31 December of the last year
        with data.
    seed : int, optional
        Of the realised counts; by default that of the fit.
    index_year_only : bool
        Whether to compute the year of the index date alone (quick; for repeated fits).
    population_described : str
        Who is counted.

    Raises
    ------
    EvidenceError
        If the index date is no date or lies outside the reported years.
    """
    grid = fitted.inputs.grid
    day = _as_date(index_date) if index_date is not None else date(grid.last_data_year, 12, 31)
    year, fraction = year_fraction(day)
    if not grid.first_reported_year <= year <= grid.last_year:
        raise EvidenceError(Problem(
            "E-INDEX-DATE", "index_date",
            f"the index date must lie in the reported years, {grid.first_reported_year} to {grid.last_year}",
            "Move the date, or the years of the grid.", column="index_date"))
    parameters, chains, draws = flattened(fitted.parameters)
    used = int(fitted.sampler.get("seed", 0)) if seed is None else seed
    years = (year, year) if index_year_only else (grid.first_reported_year, grid.last_year)
    found = compute(fitted.model, fitted.inputs, parameters, years=years, index_year=year, fraction=fraction, seed=used)
    return Estimates(fitted, found, day, chains, draws, used, population_described)


def _as_date(value: str | date) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise EvidenceError(Problem(
            "E-INDEX-DATE", "index_date", "an index date is a day that exists, written as YYYY-MM-DD",
            "Write e.g. 2020-12-31.", column="index_date")) from None
