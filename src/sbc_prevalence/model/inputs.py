"""Evidence laid out as arrays on one grid: what the components and the likelihoods read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.evidence.primaries import PrimarySeries
from sbc_prevalence.evidence.recurrence_table import RecurrenceTable
from sbc_prevalence.grid import RECURRENT, StudyGrid
from sbc_prevalence.kernels.backend import Array
from sbc_prevalence.model.age_inputs import AgeInputs
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.delay import ReportingDelay
from sbc_prevalence.model.flow import RegistrationFlow, derived_sources
from sbc_prevalence.model.observation import Observation, power_name

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SurvivalPoints:
    """Published survival, one entry per datum; arrays of shape (n_points,).

    ``start`` is 0 but for hazards over an interval, and ``span`` 1 but for them: the model's value is the growth
    of the cumulative hazard from start to duration, divided by the span.
    """

    duration: Floats
    start: Floats
    span: Floats
    is_hazard: NDArray[np.bool_]
    is_recurrent: NDArray[np.bool_]
    is_mixed: NDArray[np.bool_]
    de_novo_share: Floats
    diagnosis_year_mid: Floats
    study_index: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of data."""
        return int(self.duration.size)


@dataclass(frozen=True)
class CellGrid:
    """Where the cells of survival records lie; shared by all records.

    Parameters
    ----------
    edges : array, shape (n_edges,)
        Edges of the time since metastatic diagnosis [years], ascending.
    floor : array, shape (2, n_edges)
        Cumulative other-cause hazard by presentation at the edges.
    diagnosed : array, shape (n_strata,)
        Middle of the years of diagnosis of each stratum [calendar years; the middle of 2010 is 2010.5].
    """

    edges: Floats
    floor: Floats
    diagnosed: Floats


@dataclass(frozen=True)
class ModelInputs:
    """Everything a model reads, on one grid.

    ``arrays`` holds the numbers that change from one year's update to the next; in the model they are
    swapped without a new compilation. The other fields fix shapes.

    Parameters
    ----------
    grid : StudyGrid
    studies : tuple of str
        Survival studies, in the order of their errors.
    points : SurvivalPoints
    last_survival_follow_up : float
        Years of the last published survival point.
    floor : array, shape (2, n_nodes)
        Cumulative other-cause hazard by presentation, at the nodes of the first year, at whole years and at the
        nodes of later years.
    primaries : PrimarySeries or None
    recurrence : RecurrenceTable or None
    age_cuts : tuple of int
        Cuts between the age groups of death attribution.
    death_age_shares : array, shape (n_years, n_age_groups)
        Share of certified deaths by age group; a single column where ages are not given.
    levels : array, shape (n_levels, n_areas)
        Membership of the areas in the codes at which evidence sits.
    level_codes : tuple of str
    arrays : mapping of str to array
    completeness_sources : tuple of CompletenessSource
        Sources of registrations and what is believed of them.
    observations : tuple of Observation
        Pieces of evidence with a likelihood.
    delays : tuple of ReportingDelay
        Delays between diagnosis and registration, and the sources that they correct.
    flows : tuple of RegistrationFlow
        Hazards of registration, and the sources whose completeness follows from them.
    convolved : tuple of int, or None
        Levels at which deaths or the living are observed, as positions in ``level_codes``; None: all.
    survival_cells : CellGrid or None
        Where survival records have their cells.
    population : array, shape (n_areas, n_years), or None
    population_note : str
    ages : AgeInputs or None
        Where the model has age bands.
    """

    grid: StudyGrid
    studies: tuple[str, ...]
    points: SurvivalPoints
    last_survival_follow_up: float
    floor: Floats
    primaries: PrimarySeries | None
    recurrence: RecurrenceTable | None
    age_cuts: tuple[int, ...]
    death_age_shares: Floats
    levels: Floats
    level_codes: tuple[str, ...]
    arrays: Mapping[str, Array]
    completeness_sources: tuple[CompletenessSource, ...] = ()
    observations: tuple[Observation, ...] = ()
    delays: tuple[ReportingDelay, ...] = ()
    flows: tuple[RegistrationFlow, ...] = ()
    convolved: tuple[int, ...] | None = None
    survival_cells: CellGrid | None = None
    population: Floats | None = None
    population_note: str = ""
    deaths_frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    ages: AgeInputs | None = None

    @property
    def n_years(self) -> int:
        """Years of metastatic diagnosis."""
        return int(self.grid.years.size)

    @property
    def n_areas(self) -> int:
        """Modelled areas."""
        return len(self.grid.areas.codes)

    @property
    def sits_below_whole(self) -> bool:
        """Whether any evidence sits below the whole."""
        return self.n_areas > 1 and self.level_codes != (self.grid.areas.total_code,)

    @property
    def n_studies(self) -> int:
        """Survival studies."""
        return len(self.studies)

    def source(self, name: str) -> CompletenessSource:
        """A source of registrations by its name."""
        return next(source for source in self.completeness_sources if source.name == name)

    def with_stated_sources(self) -> "ModelInputs":
        """The same inputs with those sources only whose completeness is a parameter; the others' follows from a flow."""
        derived = derived_sources(self)
        if not derived:
            return self
        return replace(
            self, completeness_sources=tuple(s for s in self.completeness_sources if s.name not in derived))

    def without(self, *names: str) -> "ModelInputs":
        """The same inputs without some pieces of evidence, by the names of their observations."""
        return replace(
            self,
            observations=tuple(piece for piece in self.observations if piece.name not in names),
            arrays={name: value for name, value in self.arrays.items() if self._owner(name) not in names},
        )

    def _owner(self, array: str) -> str | None:
        """Observation that an array belongs to: the one with the longest name that the array's name begins with."""
        owners = [piece.name for piece in self.observations if array.startswith(f"{piece.name}_")]
        return max(owners, key=len, default=None)

    def with_power(self, powers: Mapping[str, float]) -> "ModelInputs":
        """The same inputs with the likelihood of some pieces raised to a power: 0 leaves a piece out.

        Shapes stay as they are, so that a compiled model serves for every power.

        Parameters
        ----------
        powers : mapping of the name of an observation to float

        Raises
        ------
        ModelError
            If no observation has such a name, or a power is negative.
        """
        known = {piece.name for piece in self.observations}
        if unknown := [name for name in powers if name not in known]:
            raise ModelError(f"no evidence is called '{unknown[0]}'. Known: {', '.join(sorted(known))}.")
        if any(not power >= 0 for power in powers.values()):
            raise ModelError("a likelihood is raised to a power of at least 0. Give 0 to leave evidence out.")
        return self.with_arrays({power_name(name): np.asarray(float(power)) for name, power in powers.items()})

    def power_of(self, name: str) -> float:
        """Power of the likelihood of an observation."""
        return float(self.arrays.get(power_name(name), 1.0))

    def with_arrays(self, arrays: Mapping[str, Array]) -> "ModelInputs":
        """The same inputs with some arrays replaced, e.g. by simulated data or by symbols.

        Where deaths are replaced by numbers, the reference of the level coordinate follows them.
        """
        merged = {**self.arrays, **arrays}
        if "deaths_values" in arrays and "level_reference" not in arrays:
            merged["level_reference"] = level_reference(merged)
        return replace(self, arrays=merged)


def level_reference(arrays: Mapping[str, Array]) -> np.ndarray:
    """Log of a typical year's deaths of the whole: the sum over levels of their mean yearly counts, ages together."""
    level, year, values, log_mask, weight = (
        np.asarray(arrays[f"deaths_{word}"]) for word in ("level", "year", "values", "log_mask", "weight")
    )
    inside = np.exp(log_mask)
    middle = (values * inside).sum(-1) / inside.sum(-1)
    total = 0.0
    for one in np.unique(level[weight > 0]):
        chosen = (level == one) & (weight > 0)
        total += float(middle[chosen].sum() / np.unique(year[chosen]).size)
    return np.asarray(np.log(max(total, 1.0)))


def survival_points(points: pd.DataFrame, studies: tuple[str, ...]) -> SurvivalPoints:
    """Arrays of the published points of `PublishedSurvival.points`."""
    is_hazard = (points["measure"] == "hazard").to_numpy()
    duration = points["duration_years"].to_numpy(float)
    start = np.where(is_hazard, points["duration_from_years"].astype(float).fillna(0.0), 0.0)
    share = np.asarray(points["de_novo_share"].astype(float).fillna(0.0), dtype=np.float64)
    return SurvivalPoints(
        duration=duration,
        start=start,
        span=np.where(is_hazard, duration - start, 1.0),
        is_hazard=is_hazard,
        is_recurrent=(points["presentation"] == RECURRENT).to_numpy(),
        is_mixed=(points["presentation"] == "all").to_numpy(),
        de_novo_share=share,
        diagnosis_year_mid=points["diagnosis_year_mid"].to_numpy(float),
        study_index=np.array([studies.index(s) for s in points["study"]], dtype=np.int64),
    )
