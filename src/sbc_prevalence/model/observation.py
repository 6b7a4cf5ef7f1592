"""What every kind of evidence has inside the model: priors of its own, a log-likelihood, a simulator."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

Floats = NDArray[np.float64]
Parameters = Mapping[str, Array]
Arrays = dict[str, NDArray[Any]]
Seen = Mapping[str, Array]
"""What evidence sees of the latent quantities.

``incidence`` (..., presentation, n_levels, n_years) and ``deaths``, ``living`` (..., n_levels, n_years), presentations
together, at the levels at which evidence sits; ``area_incidence`` (..., presentation, n_areas, n_years) where evidence
sits below the whole; ``kappa`` (..., n_years); ``points`` (..., n_points); ``completeness``, a mapping from the name
of a source to its completeness, shape (..., n_areas, n_years), either axis of length 1 where areas, or years, do not
differ; ``arrived``, a mapping from the name of a source with a reporting delay to the share of each of its rows that it
holds on the date of extraction, shape (..., n_rows); ``flows``, a mapping from a source with a hazard of registration to
the shares of each year's diagnoses registered in life and dead unregistered by calendar year, each
(..., presentation, n_years, n_years). Where there are survival records, ``cells``: a mapping from their name to
cumulative hazards at the edges of their cells, shape (..., presentation, n_strata, n_edges).
"""
Levels = Literal["all", "own", "none"]
Stream = Callable[[str], np.random.Generator]


def one_word(name: str) -> str:
    """Name of a piece of evidence as one word, fit for a variable of the model: files lie in folders."""
    return re.sub(r"\W+", "_", name).strip("_")


def power_name(observation: str) -> str:
    """Name of the array that holds the power of an observation's likelihood."""
    return f"{observation}_power"


@dataclass(frozen=True)
class Observation(ABC):
    """One piece of evidence as the model sees it.

    Fields are what fixes shapes; numbers that change from one update to the next are in ``inputs.arrays`` under
    names that begin with ``name``.

    Parameters
    ----------
    name : str
        A word without spaces, unique in a study.
    """

    name: str
    words: ClassVar[str] = ""
    """What is counted, as a report says it; empty for evidence that is not a count of people."""
    title: ClassVar[str] = ""
    """What the evidence is, in a table of sources; `words` where it is empty."""
    counts_living: ClassVar[bool] = False
    """Whether people living with the disease are counted."""
    convolved_levels: ClassVar[Levels] = "all"
    """Levels at which ``deaths`` and ``living`` are read: all, its own rows' (``{name}_level``), or none. Where nothing
    reads them they are not computed, and hold zeros."""

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Priors that the evidence brings. Two pieces may bring the same one."""
        return []

    @abstractmethod
    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Log-likelihood by piece of evidence, each of shape (...)."""

    @abstractmethod
    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """The evidence drawn anew from the same process: arrays to replace those of ``inputs.arrays``.

        Parameters
        ----------
        stream : callable
            A random generator for a word: every piece has a stream of its own.
        """

    def anchors(self, source: str) -> bool:
        """Whether it tells the completeness of a source of registrations apart from incidence.

        By default evidence does that observes the source and counts nobody itself: an audit, a validation sample.
        """
        return not self.words and source in getattr(self, "source_names", getattr(self, "sources", ()))

    def level(self, arrays: Mapping[str, NDArray[Any]]) -> float:
        """How much the evidence counts, as one positive number: what its conflict with other evidence is measured on.

        The total of its counts, the middle standing for an interval, or of the cases that an audit found; NaN for
        evidence that has neither and does not say otherwise.

        Parameters
        ----------
        arrays : mapping of name to array
            Observed (``inputs.arrays``) or simulated.
        """
        values, found = arrays.get(f"{self.name}_values"), arrays.get(f"{self.name}_found")
        if values is not None:
            inside = np.asarray(arrays[f"{self.name}_log_mask"]) == 0.0
            middle = (np.asarray(values) * inside).sum(-1) / inside.sum(-1)
            return float((arrays.get(f"{self.name}_weight", 1.0) * middle).sum())
        return float("nan") if found is None else float(np.sum(found))
