"""One quantity, split as asked: its draws, its table, its picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import (
    AGE_AT_DIAGNOSIS,
    AGE_BAND,
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
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.intervals import CI_KIND, DEFAULT_CI_PROB, median_and_interval

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from sbc_prevalence.prevalence.estimate import Estimates

LIVING, NEWLY_DIAGNOSED = "living", "newly_diagnosed"
RATE_NAMES = {LIVING: "living_per_100k", NEWLY_DIAGNOSED: "new_per_100k"}
EXPECTED, REALISED = "expected", "realised"
NATION, GROUP = "nation", "group"
AGES = (AGE_BAND, AGE_AT_DIAGNOSIS)
BY = (NATION, AREA, GROUP, *AGES, PRESENTATION, DURATION, YEAR)

COLUMNS = (
    "quantity", "basis", "area_code", "area_name", "area_level", "year", "index_date", "presentation",
    "duration_band", "unit", "median", "lower", "upper", "ci_prob", "ci_kind", "projected", "rests_on")


@dataclass(frozen=True, repr=False)
class Quantity:
    """Living or newly diagnosed people, split by some axes.

    Parameters
    ----------
    estimates : Estimates
    name : {"living", "newly_diagnosed"}
    by : tuple of str
        Any of area (or group), age_band (attained; of the newly diagnosed at diagnosis) or age_at_diagnosis,
        presentation, duration and year; empty for the nation at the index date.
    basis : {"expected", "realised"}
        Realised counts hold the noise of counting people, expected ones do not.
    per_100k : bool
        Per 100,000 people of the population, instead of persons.
    """

    estimates: "Estimates"
    name: str
    by: tuple[str, ...]
    basis: str
    per_100k: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Area codes along the area axis."""
        areas = self.estimates.grid.areas
        if AREA in self.by:
            return areas.codes
        return tuple(areas.groups or ()) if GROUP in self.by else (areas.total_code,)

    @property
    def age_axis(self) -> str | None:
        """The axis of ages that was asked for."""
        return next((axis for axis in AGES if axis in self.by), None)

    @property
    def bands(self) -> list[str]:
        """Age bands along their axis."""
        ages = self.estimates.draws.ages
        return list(ages.bands) if self.age_axis and ages is not None else [ALL]

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return f"persons per 100,000 {self.estimates.population_described}" if self.per_100k else "persons"

    def values(self) -> tuple[NDArray[Any], list[int], list[str]]:
        """Draws with every axis there, and the years and index dates along the year axis.

        Returns
        -------
        array, shape (n, area, age band, presentation, year, duration band)
            Axes that were not asked for have length 1.
        years : list of int
        index_dates : list of str
        """
        est = self.estimates
        values, dates = self._by_age() if self.age_axis else self._ages_together()
        if DURATION not in self.by:
            values = values.sum(-1, keepdims=True)
        if PRESENTATION not in self.by:
            values = values.sum(3, keepdims=True)
        if AREA not in self.by:
            members = est.grid.areas.membership(self.codes)
            values = np.stack([values[:, row > 0].sum(1) for row in members], axis=1) if len(members) \
                else values[:, :0]
        years = [int(d[:4]) for d in dates]
        if self.per_100k:
            people = est.population_by_age(self.codes, years) if self.age_axis else \
                est.population(self.codes, years)[:, None]
            values = values / people[:, :, None, :, None] * 1e5
        return values, years, dates

    def _dates(self) -> list[str]:
        """Index dates along the axis of years."""
        est = self.estimates
        if YEAR in self.by:
            return [f"{y}-12-31" for y in est.draws.years]
        return [est.index_date.isoformat() if self.name == LIVING else f"{est.index_date.year}-12-31"]

    def _ages_together(self) -> tuple[NDArray[Any], list[str]]:
        draws, by_year, place = self.estimates.draws, YEAR in self.by, self.estimates.position
        expected = self.basis == EXPECTED
        values: NDArray[Any]
        if self.name == LIVING:
            values = draws.living if expected else draws.living_rep
            at: NDArray[Any] | None = draws.living_at if expected else draws.living_at_rep
            if not by_year:
                values = values[:, :, :, place, None, :] if at is None else at[:, :, :, None, :]
        else:
            values = (draws.incidence if expected else draws.newly_diagnosed)[..., None]
            if not by_year:
                values = values[:, :, :, place, None, :]
        return values[:, :, None], self._dates()

    def _by_age(self) -> tuple[NDArray[Any], list[str]]:
        draws, by_year, place = self.estimates.draws.ages, YEAR in self.by, self.estimates.position
        if draws is None:
            raise EvidenceError(Problem(
                "E-NO-AGES", "by", "this fit has no age bands", "Give the model ages: [model] ages = ['0-49', ...].",
                key="by"))
        word = "newly_diagnosed" if self.name != LIVING else \
            "attained" if self.age_axis == AGE_BAND else "at_diagnosis"
        end = "" if self.basis == EXPECTED else "_rep"
        values: NDArray[Any] = getattr(draws, word + end)
        on: NDArray[Any] | None = getattr(draws, f"{word}_on{end}") if self.name == LIVING else None
        if not by_year:
            values = values[..., place, None] if on is None else on[..., None]
        return values[..., None], self._dates()

    @property
    def draws(self) -> "xr.DataArray":
        """Draws with dimensions chain, draw, then those of area, presentation, year, duration asked for."""
        import xarray as xr

        values, years, _ = self.values()
        est = self.estimates
        values = values.reshape(est.n_chains, est.n_draws, *values.shape[1:])
        axes = {AREA: list(self.codes), self.age_axis or AGE_BAND: self.bands, PRESENTATION: list(PRESENTATIONS),
                YEAR: years, DURATION: list(DURATION_BANDS)}
        kept = [axis for axis in axes if axis in self.by or (axis == AREA and GROUP in self.by)]
        squeezed = tuple(2 + i for i, axis in enumerate(axes) if axis not in kept)
        return xr.DataArray(
            values.squeeze(squeezed), dims=(CHAIN, DRAW, *kept), coords={axis: axes[axis] for axis in kept},
            name=self.name, attrs={
                "basis": self.basis, "unit": self.unit, "scope": est.scope,
                "index_date": est.index_date.isoformat() if self.name == LIVING else str(est.index_date.year)})

    def table(self, ci_prob: float = DEFAULT_CI_PROB) -> pd.DataFrame:
        """Tidy rows with median and equal-tailed interval.

        Parameters
        ----------
        ci_prob : float
            Level of the interval.

        Returns
        -------
        DataFrame
            ``quantity``, ``basis``, ``area_code``, ``area_name``, ``area_level``, ``year``, ``index_date``,
            ``presentation``, ``duration_band``, ``unit``, ``median``, ``lower``, ``upper``, ``ci_prob``,
            ``ci_kind``, ``projected``, ``rests_on``; with ages also their column, after ``presentation``. Areas by name.
        """
        values, years, dates = self.values()
        est, areas = self.estimates, self.estimates.grid.areas
        kinds = PRESENTATIONS if PRESENTATION in self.by else (ALL,)
        bands = DURATION_BANDS if DURATION in self.by else (ALL,)
        median, lower, upper = median_and_interval(values, ci_prob).reshape(3, -1)
        index = pd.MultiIndex.from_product(
            [self.codes, self.bands, kinds, range(len(dates)), bands],
            names=["area_code", self.age_axis or AGE_BAND, "presentation", "place", "duration_band"])
        frame = index.to_frame(index=False)
        place = frame.pop("place").to_numpy()
        frame["year"] = np.asarray(years, dtype=np.int64)[place]
        frame["index_date"] = np.asarray(dates, dtype=object)[place]
        frame = frame.assign(
            quantity=RATE_NAMES[self.name] if self.per_100k else self.name, basis=self.basis, unit=self.unit,
            median=median, lower=lower, upper=upper, ci_prob=ci_prob, ci_kind=CI_KIND,
            area_name=frame["area_code"].map(areas.name_of), area_level=frame["area_code"].map(areas.level_of),
            projected=frame["year"].map(est.grid.is_projected).astype(bool),
            rests_on=[est.rests_on(c, y, self.name)
                      for c, y in zip(frame["area_code"], frame["year"], strict=True)])
        at = COLUMNS.index("presentation") + 1
        columns = COLUMNS if self.age_axis is None else (*COLUMNS[:at], self.age_axis, *COLUMNS[at:])
        return in_shown_order(frame[list(columns)], areas)

    def plot(self, ci_prob: float = DEFAULT_CI_PROB) -> "Figure":
        """A matplotlib figure: a line over years, or one interval for each row."""
        from sbc_prevalence.prevalence.plots import plot_quantity

        return plot_quantity(self, ci_prob)

    def _short(self) -> pd.DataFrame:
        columns = {YEAR: "year", AGE_BAND: AGE_BAND, AGE_AT_DIAGNOSIS: AGE_AT_DIAGNOSIS, PRESENTATION: "presentation",
                   DURATION: "duration_band"}
        keys = ["area_name", *(column for axis, column in columns.items() if axis in self.by)]
        shown = self.table()[[*keys, "median", "lower", "upper", "ci_prob", "ci_kind", "projected"]]
        return shown.round({"median": 1, "lower": 1, "upper": 1})

    def _title(self) -> str:
        when = "" if YEAR in self.by else (
            f" on {self.estimates.index_date.isoformat()}" if self.name == LIVING
            else f" in {self.estimates.index_date.year}")
        return f"{self.name.replace('_', ' ')}{when} ({self.basis}, {self.unit}); {self.estimates.scope}"

    def __repr__(self) -> str:
        return f"{self._title()}\n{self._short().to_string(index=False)}"

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self._title())}</strong></p>{self._short().to_html(index=False, border=0)}"


def checked_by(by: str | Sequence[str], name: str) -> tuple[str, ...]:
    """The split in canonical order, without "nation".

    Raises
    ------
    EvidenceError
        If an axis is unknown, or cannot be had.
    """
    asked = (by,) if isinstance(by, str) else tuple(by)
    unknown = [b for b in asked if b not in BY]
    if unknown:
        raise EvidenceError(f"by={unknown[0]!r} is not known. Use any of {', '.join(BY)}.")
    if name == NEWLY_DIAGNOSED and DURATION in asked:
        raise EvidenceError("the newly diagnosed have no time since diagnosis. Leave out 'duration'.")
    if all(axis in asked for axis in AGES):
        raise EvidenceError("choose one of age_band and age_at_diagnosis. They count the same people.")
    if DURATION in asked and any(axis in asked for axis in AGES):
        raise EvidenceError("ages and time since diagnosis are split one at a time. Leave out one of them.")
    if sum(b in asked for b in (NATION, AREA, GROUP)) > 1:
        raise EvidenceError("choose one of nation, area and group. They count the same people.")
    return tuple(b for b in BY if b in asked and b != NATION)


def checked_basis(basis: str) -> str:
    """`expected` or `realised`.

    Raises
    ------
    EvidenceError
        If it is neither.
    """
    if basis not in (EXPECTED, REALISED):
        raise EvidenceError(f"basis={basis!r} is not known. Use 'expected' or 'realised'.")
    return basis
