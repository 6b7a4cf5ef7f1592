"""The frame around every family: ratio of presentations, trend, tail, errors of populations, floor."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ConfigError, ModelError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.fused import survivorship_of_draws
from sbc_prevalence.kernels.survivorship import (
    FIRST_NODES,
    FIRST_WEIGHTS,
    LATER_NODES,
    LATER_WEIGHTS,
    survival_at_nodes,
    survivorship_from_hazards,
)
from sbc_prevalence.kernels.through_years import at_every_duration, at_own_duration, year_of
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.strata import Strata
from sbc_prevalence.model.survival.priors import shared_priors
from sbc_prevalence.model.survival.unregistered import (
    RATIO,
    SHARE,
    check_stated,
    mixed,
    ratio_prior,
    registering_sources,
)

TRENDS = ("diagnosis_year", "calendar_year", "none")
TREND_REFERENCE_YEAR = 2010.0
TREND_FIRST_YEAR = 1985.0
SYSTEM_SHARE = 0.5
"""Share of the between-study variance that populations of one health system have in common."""

Parameters = Mapping[str, Array]
MixedGrowth = Callable[[Array, Array, Array], tuple[Array, Array]]


@dataclass(frozen=True)
class AbstractSurvival(ABC):
    """A family of cumulative hazards with a shared frame around it.

    H[k,s](u) = rho^[k = recurrent] x trend(s or s + u) x H0(u), beyond the last published follow-up
    times omega, and in every year not less than other-cause mortality at the attained age.

    Parameters
    ----------
    trend : str or bool
        ``"diagnosis_year"``, ``"calendar_year"`` or ``"none"``; True means the first, False the last.
    ratio_from_published : bool
        Whether the ratio of the population described is that of the published populations times its error. If not,
        it is ``ratio_transfer_error`` alone, and the published points keep a ratio of their own.
    unregistered : tuple of float, optional
        Centre and sd of the log hazard of people who are not registered over that of those who are (see
        `survival.unregistered`); None: they live as long.
    """

    trend: str | bool = "diagnosis_year"
    ratio_from_published: bool = True
    unregistered: tuple[float, float] | None = None
    family: ClassVar[str]
    equation: ClassVar[str]
    needs_floor: ClassVar[bool] = False
    """Whether the family's hazard falls towards nothing, so that only other-cause mortality ends a life."""

    def __post_init__(self) -> None:
        if isinstance(self.trend, bool):
            object.__setattr__(self, "trend", "diagnosis_year" if self.trend else "none")
        if self.trend not in TRENDS:
            raise ConfigError(f"survival trend must be one of {', '.join(TRENDS)}. Choose one of them.")
        check_stated(self.unregistered)

    @abstractmethod
    def family_priors(self) -> list[Prior]:
        """Priors of the family's own parameters."""

    @abstractmethod
    def baseline(self, p: Parameters, u: NDArray[np.float64], xp: Namespace) -> Array:
        """H0(u) of de novo disease diagnosed in the reference year, shape (..., n); u has shape (n,)."""

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """All priors of the component; a trend that is switched off is fixed at zero.

        Raises
        ------
        ModelError
            If the family needs other-cause mortality and there is none, or the unregistered have a hazard of their own
            and it is not known who is registered.
        """
        if self.needs_floor and not np.all(inputs.floor[:, -1] > 0):
            raise ModelError(
                f"survival '{self.family}' needs mortality from other causes, or people would live for ever. "
                "Add an [[evidence]] table of kind 'other_cause_mortality', or choose another family."
            )
        shared = shared_priors()
        if self.trend == "none":
            shared = [
                p
                if p.name != "hazard_trend"
                else Prior(
                    p.name,
                    p.symbol,
                    p.meaning,
                    "normal",
                    0.0,
                    0.0,
                    p.unit,
                    "switched off",
                    "no trend was asked for",
                    group="survival",
                )
                for p in shared
            ]
        return self.family_priors() + shared + self._ratio_of_unregistered(inputs)

    def _ratio_of_unregistered(self, inputs: ModelInputs) -> list[Prior]:
        if self.unregistered is None:
            return []
        registering_sources(inputs)
        return [ratio_prior(self.unregistered)]

    def trend_years(self, year: NDArray[np.float64], inputs: ModelInputs) -> NDArray[np.float64]:
        """Decades from the reference year; flat before 1985 and after the last year with data."""
        last = float(inputs.grid.last_data_year) + 0.5
        return (np.clip(year, TREND_FIRST_YEAR, last) - TREND_REFERENCE_YEAR) / 10.0

    def decades(self, inputs: ModelInputs) -> NDArray[np.float64]:
        """Decades from the reference year by diagnosis year and year since diagnosis, shape (n_years, n_years).

        Under a calendar-year trend, people diagnosed evenly over year s are in their (m + 1)-th year of disease
        around the end of year s + m.
        """
        return self.decades_of(inputs.grid.years.astype(float) + 0.5, inputs.n_years, inputs)

    def decades_of(self, diagnosed: NDArray[np.float64], n: int, inputs: ModelInputs) -> NDArray[np.float64]:
        """Decades by time of diagnosis [calendar years] and year since diagnosis, shape (n_diagnosed, n)."""
        m = np.arange(n, dtype=float)
        moves = m + 0.5 if self.trend == "calendar_year" else 0.0 * m
        return self.trend_years(np.asarray(diagnosed, dtype=float)[:, None] + moves, inputs)

    def grid_nodes(self, inputs: ModelInputs) -> NDArray[np.float64]:
        """Durations on the grid: nodes of the first year, whole years, nodes of later years."""
        n = inputs.n_years
        later = (np.arange(1, n, dtype=float)[:, None] + LATER_NODES).ravel()
        return np.concatenate([FIRST_NODES, np.arange(n + 1, dtype=float), later])

    def nodes(self, inputs: ModelInputs) -> NDArray[np.float64]:
        """Durations at which the baseline is needed: the grid, published points, edges of cells of survival records."""
        cells = inputs.survival_cells
        edges = np.zeros(0) if cells is None else cells.edges
        return np.concatenate([self.grid_nodes(inputs), inputs.points.duration, inputs.points.start, edges])

    def baseline_with_tail(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """H0 at `nodes`, with the tail ratio beyond the last published follow-up; shape (..., n_nodes)."""
        u, end = self.nodes(inputs), inputs.last_survival_follow_up
        beyond = np.flatnonzero(u > end)
        inside = self.baseline(p, np.append(np.minimum(u, end), u[beyond]), xp)
        placed = np.zeros((beyond.size, u.size))
        placed[np.arange(beyond.size), beyond] = 1.0
        at_end = self.baseline(p, np.array([end]), xp)
        extra = p["hazard_tail_ratio"][..., None] * (inside[..., u.size :] - at_end)
        return inside[..., : u.size] + extra @ placed

    def own_ratio(self, p: Parameters) -> Array:
        """Recurrent over de novo hazard in the population described, shape (...)."""
        own = p["ratio_transfer_error"]
        return p["hazard_ratio_recurrent"] * own if self.ratio_from_published else own

    def system_error(self, p: Parameters) -> Array:
        """Log hazard of the own health system relative to all studies, shape (...)."""
        return np.sqrt(SYSTEM_SHARE) * p["between_study_sd"] * p["system_survival_error"]

    def own_hazards(self, p: Parameters, hazards: Array, xp: Namespace = NUMPY) -> Array:
        """Hazards of the population described, which is one more population beside those studied.

        Parameters
        ----------
        p : mapping of str to array
        hazards : array, shape (..., n_nodes)
            From `baseline_with_tail`: of the average of all studies.
        """
        own = np.sqrt(1.0 - SYSTEM_SHARE) * p["between_study_sd"] * p["own_survival_error"]
        return hazards * xp.exp(self.system_error(p) + own)[..., None]

    def strata(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Strata:
        """The two presentations, de novo as the baseline."""
        own, trend = self.own_ratio(p), p["hazard_trend"]
        ratios = xp.stack([xp.ones_like(own), own], axis=-1)
        return Strata(ratios, xp.stack([trend, trend], axis=-1), inputs.floor)

    def survivorship(
        self, p: Parameters, inputs: ModelInputs, hazards: Array, xp: Namespace = NUMPY, strata: Strata | None = None
    ) -> Array:
        """A[k,s](m), shape (..., n_strata, n_years, n_durations = n_years).

        Parameters
        ----------
        p : mapping of str to array
        inputs : ModelInputs
        hazards : array, shape (..., n_nodes)
            From `own_hazards`.
        strata : Strata, optional
            By default the presentations.
        """
        strata = strata or self.strata(p, inputs, xp)
        found = survivorship_from_hazards(*self._node_hazards(p, inputs, hazards, xp, strata), xp)
        if self.unregistered is None:
            return found
        faster = self._node_hazards(p, inputs, hazards * p[RATIO][..., None], xp, strata)
        return mixed(found, survivorship_from_hazards(*faster, xp), p[SHARE], strata.size)

    def at_nodes(
        self, p: Parameters, inputs: ModelInputs, hazards: Array, xp: Namespace = NUMPY, *,
        strata: Strata | None = None, years: slice = slice(None),
    ) -> tuple[Array, Array]:
        """Survival at the nodes that `survivorship` integrates over, by stratum (by default the presentations).

        Parameters
        ----------
        years : slice
            Of the diagnosis years, where not all are wanted.

        Returns
        -------
        first : array, shape (..., n_strata, n_years, n_first)
        later : array, shape (..., n_strata, n_years, n_durations - 1, n_later)
        """
        return survival_at_nodes(*self._node_hazards(p, inputs, hazards, xp, strata, years), xp)

    def _node_hazards(
        self, p: Parameters, inputs: ModelInputs, hazards: Array, xp: Namespace, strata: Strata | None,
        years: slice = slice(None),
    ) -> tuple[Array, Array, Array, Array, Array, Array, Array]:
        """Cumulative hazards of the family at the nodes, their factor (for some years), and the floors at the nodes."""
        n, n_first = inputs.n_years, FIRST_NODES.size
        strata = strata or self.strata(p, inputs, xp)
        by_stratum = hazards[..., None, :] * strata.ratios[..., None]
        floor = p["other_cause_multiplier"][..., None, None] * strata.floor
        factor = xp.exp(strata.slopes[..., None, None] * self.decades(inputs)[years])

        def parts(flat: Array) -> tuple[Array, Array, Array]:
            end = n_first + n + 1
            later = flat[..., end : end + (n - 1) * LATER_NODES.size]
            return flat[..., :n_first], flat[..., n_first:end], xp.unflatten(later, (n - 1, LATER_NODES.size))

        return (*parts(by_stratum), factor, *parts(floor))

    def alive_of_draws(
        self, p: Parameters, inputs: ModelInputs, strata: Strata | None = None
    ) -> NDArray[np.float64]:
        """Survivorship of the population described on the grid, shape (..., n_strata, n_years, n_years).

        The compiled kernel; the same numbers as `survivorship` laid on the grid.
        """
        strata = strata or self.strata(p, inputs)
        registered, others = self.alive_of_groups(p, inputs, strata)
        return registered if others is None else np.asarray(mixed(registered, others, p[SHARE], strata.size))

    def alive_of_groups(
        self, p: Parameters, inputs: ModelInputs, strata: Strata | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """The same of registered people, and of all others where they have a hazard of their own."""
        strata = strata or self.strata(p, inputs)
        hazards = np.asarray(self.own_hazards(p, self.baseline_with_tail(p, inputs)))
        registered = self._alive(p, inputs, hazards, strata)
        if self.unregistered is None:
            return registered, None
        return registered, self._alive(p, inputs, hazards * np.asarray(p[RATIO])[..., None], strata)

    def _alive(
        self, p: Parameters, inputs: ModelInputs, hazards: NDArray[np.float64], strata: Strata
    ) -> NDArray[np.float64]:
        lead = hazards.shape[:-1]

        def flat(x: Array, *last: int) -> NDArray[np.float64]:
            return np.ascontiguousarray(np.broadcast_to(x, (*lead, *last)), dtype=float).reshape(-1, *last)

        on_grid = survivorship_of_draws(
            np.ascontiguousarray(hazards.reshape(-1, hazards.shape[-1])),
            flat(strata.ratios, strata.size),
            flat(strata.slopes, strata.size),
            flat(p["other_cause_multiplier"]),
            np.ascontiguousarray(self.decades(inputs)),
            np.ascontiguousarray(strata.floor),
            FIRST_WEIGHTS,
            LATER_WEIGHTS,
        )
        return on_grid.reshape(*lead, *on_grid.shape[1:])

    def whole_years(self, hazards: Array, inputs: ModelInputs) -> Array:
        """Those of the hazards at `nodes` that are at whole years 0, ..., n_years; shape (..., n_years + 1)."""
        return hazards[..., FIRST_NODES.size : FIRST_NODES.size + inputs.n_years + 1]

    def cell_hazards(
        self, p: Parameters, inputs: ModelInputs, hazards: Array, strata: Strata, floor_of_cells: NDArray[np.float64],
        xp: Namespace = NUMPY,
    ) -> Array:
        """Cumulative all-cause hazard at the edges of the cells of survival records.

        Parameters
        ----------
        p : mapping of str to array
        inputs : ModelInputs
        hazards : array, shape (..., n_nodes)
            Of the population whose records they are, e.g. from `own_hazards`.
        strata : Strata
            Ratios and floors of its groups, the presentations or presentation x age band; all have the trend.
        floor_of_cells : array, shape (n_groups, n_edges)
            Cumulative other-cause hazard at the edges.

        Returns
        -------
        array, shape (..., n_groups, n_strata of the cells, n_edges)
        """
        cells = inputs.survival_cells
        if cells is None:
            raise ModelError("there are no cells of survival records. Lay out the evidence first.")
        n = int(year_of(cells.edges, inputs.n_years).max()) + 1
        by_year = xp.exp(p["hazard_trend"][..., None, None] * self.decades_of(cells.diagnosed, n, inputs))
        floor = p["other_cause_multiplier"][..., None, None]
        return at_every_duration(
            cells.edges,
            hazards[..., self.nodes(inputs).size - cells.edges.size :],
            self.whole_years(hazards, inputs)[..., : n + 1],
            strata.ratios[..., None, None] * by_year[..., None, :, :],
            floor * floor_of_cells,
            floor * self.whole_years(strata.floor, inputs)[..., : n + 1],
            n,
            xp,
        )

    def point_hazards(
        self,
        p: Parameters,
        inputs: ModelInputs,
        hazards: Array,
        xp: Namespace = NUMPY,
        mixed_growth: MixedGrowth | None = None,
    ) -> Array:
        """Model value of each published point: log cumulative hazard, or log hazard; shape (..., n_points).

        Parameters
        ----------
        p : mapping of str to array
        inputs : ModelInputs
        hazards : array, shape (..., n_nodes)
            From `baseline_with_tail`.
        xp : namespace
        mixed_growth : callable, optional
            Where a published population is a mixture (of ages): growth of the cumulative hazard of its de novo and of
            its recurrent part, from the baseline's at the end and at the start of each point and from the ratio.
        """
        pts = inputs.points
        ratio = p["hazard_ratio_recurrent"][..., None]
        first = self.grid_nodes(inputs).size
        at_end, at_start = hazards[..., first : first + pts.size], hazards[..., first + pts.size : first + 2 * pts.size]
        if self.trend == "calendar_year":
            n = inputs.n_years
            factor = xp.exp(p["hazard_trend"][..., None, None] * self.decades_of(pts.diagnosis_year_mid, n, inputs))
            at_years = self.whole_years(hazards, inputs)
            at_end, at_start = (
                at_own_duration(at, value, at_years, factor, n)
                for at, value in ((pts.duration, at_end), (pts.start, at_start))
            )
            trend: Array = 1.0
        else:
            trend = xp.exp(p["hazard_trend"][..., None] * self.trend_years(pts.diagnosis_year_mid, inputs))
        if mixed_growth is None:
            cumulative = (at_end - at_start) * trend / pts.span
            recurrent = cumulative * ratio
            pure = cumulative * (1.0 + pts.is_recurrent * (ratio - 1.0))
        else:
            grown = mixed_growth(at_end * trend, at_start * trend, ratio)
            cumulative, recurrent = (growth / pts.span for growth in grown)
            pure = cumulative + pts.is_recurrent * (recurrent - cumulative)
        mixed = -xp.log(
            pts.de_novo_share * xp.exp(-cumulative) + (1.0 - pts.de_novo_share) * xp.exp(-recurrent)
        )
        return xp.log(xp.where(pts.is_mixed, mixed, pure)) + self.system_error(p)[..., None] * (
            inputs.arrays["point_study"] @ inputs.arrays["study_own"]
        )
