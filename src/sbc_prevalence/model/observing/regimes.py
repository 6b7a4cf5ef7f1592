"""A survey of reporting regimes, and the sum over the regimes of areas that it leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sbc_prevalence.grid import AREA_CODE, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.regime import (
    ANSWERS,
    REGIMES,
    SURVEY,
    TOLD_SILENT,
    Regimes,
    centred_name,
    silent_and_told,
    told_by_counts,
    with_regimes,
)
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, power_name
from sbc_prevalence.model.observing.of_sources import LabelledSource, SourceObservation

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs
    from sbc_prevalence.model.prevalence_model import PrevalenceModel


@dataclass(frozen=True)
class RegimeAnswers(Observation):
    """Answers of the areas: full, partial, none; those who gave none are passed over here."""

    name: str = SURVEY
    title: ClassVar[str] = "survey of how areas record"
    convolved_levels: ClassVar[Levels] = "none"

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Draws from the shares of the regimes, where the regimes are drawn; else all is judged in `regime_terms`."""
        if "regimes" in seen:
            return {}
        return {self.name: (inputs.arrays[ANSWERS].sum(0) * seen["regime_log_shares"]).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Areas that answered say what they do; the others stay silent."""
        answered = inputs.arrays[ANSWERS].sum(-1)
        return {ANSWERS: np.eye(len(REGIMES))[seen["regime_of_area"]] * answered[:, None]}


    def level(self, arrays: Mapping[str, NDArray[Any]]) -> float:
        """Areas that record in full, those that record in part counted half."""
        return float((np.asarray(arrays[ANSWERS]) @ np.array([1.0, 0.5, 0.0])).sum())


def lay_out(bundle: Any, grid: StudyGrid) -> tuple[list[Observation], Arrays]:
    """Answers by area, one row an area and one column a regime; a row of zeros where there was none."""
    pieces = bundle.by_kind(SURVEY)
    if not pieces:
        return [], {}
    return [RegimeAnswers()], {ANSWERS: _answers(pieces[0], grid)}


def _answers(survey: Any, grid: StudyGrid) -> NDArray[np.float64]:
    answers = survey.frame.set_index(AREA_CODE)["answer"].reindex(list(grid.areas.codes)).to_numpy()
    return (answers[:, None] == np.array(REGIMES)).astype(float)


def centred_areas(source: str, arrays: Arrays, bundle: Any, grid: StudyGrid) -> Arrays:
    """Areas in which the counts of a surveyed source say more of its completeness than their answers, or than silence."""
    people = (arrays[f"{source}_weight"] * arrays[f"{source}_values"][:, 0]) @ arrays[f"{source}_of_area"]
    answers = _answers(bundle.by_kind(SURVEY)[0], grid)
    told = np.maximum(arrays.get(TOLD_SILENT, 0.0), silent_and_told(people, answers))
    return {centred_name(source): told_by_counts(people, answers), TOLD_SILENT: told}


def is_surveyed(source: LabelledSource, bundle: Any) -> bool:
    """Whether the survey of regimes speaks of a source."""
    return any(piece.speaks_of(source.names, source.origin, source.presentation) for piece in bundle.by_kind(SURVEY))


def area_loglik(p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood of each observation of surveyed sources by area and regime, each (..., n_areas, 3)."""
    regimes: Regimes = seen["regimes"]
    found: dict[str, Array] = {}
    for piece in inputs.observations:
        if isinstance(piece, SourceObservation) and piece.is_surveyed(inputs):
            of_area, has_row = (inputs.arrays[f"{piece.name}_{word}"] for word in ("rows", "has_row"))
            under = [{**seen, "completeness": {**seen["completeness"], **c}} for c in regimes.completeness]
            found[piece.name] = xp.stack(
                [(has_row * piece.rows(p, there, inputs, xp)[..., of_area]).sum(-1) for there in under], axis=-1)
    return found


def by_regime(p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
    """Log of regime probability times likelihood of all that is known of an area, shape (..., n_areas, 3)."""
    terms = area_loglik(p, seen, inputs, xp)
    return seen["regimes"].log_weights + sum(
        inputs.arrays.get(power_name(name), 1.0) * term for name, term in terms.items())


def regime_terms(p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood of the survey and of all that observes surveyed sources, the regimes of the areas summed out."""
    return {"regimes": xp.logsumexp(by_regime(p, seen, inputs, xp), -1).sum(-1)}


def regime_loglik(p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood of each observation under the regimes as they are believed: the slope of `regime_terms` in power.

    The answers themselves count as draws from the shares of the regimes.
    """
    joint = by_regime(p, seen, inputs, xp)
    probability = xp.exp(joint - xp.logsumexp(joint, -1)[..., None])
    found = {name: (probability * term).sum((-2, -1)) for name, term in area_loglik(p, seen, inputs, xp).items()}
    if ANSWERS in inputs.arrays:
        found[SURVEY] = (inputs.arrays[ANSWERS].sum(0) * seen["regimes"].log_shares).sum(-1)
    return found


def regime_probabilities(model: "PrevalenceModel", p: Parameters, inputs: "ModelInputs") -> Array:
    """Probability of full, partial and none in every area given the parameters and all evidence.

    Returns
    -------
    array, shape (..., n_areas, 3)
    """
    return special.softmax(by_regime(p, model.observed(p, inputs), inputs), axis=-1)


def resolved(p: Parameters, seen: Seen, inputs: "ModelInputs", rng: np.random.Generator) -> Seen:
    """What evidence sees where each area's regime is drawn from its probability given the parameters and all evidence.

    Parameters
    ----------
    p : mapping of name to array, shape (..., *parameter shape)
    seen : mapping
        From `PrevalenceModel.observed`; returned as it is where no regime is open.
    inputs : ModelInputs
    rng : numpy.random.Generator
    """
    return with_regimes(seen, by_regime(p, seen, inputs), rng) if "regimes" in seen else seen
