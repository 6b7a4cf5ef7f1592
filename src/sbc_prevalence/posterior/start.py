"""Before the first draw: evidence must be finite, whole where it counts people, and possible under the priors."""

import numpy as np

from sbc_prevalence.errors import EvidenceError, ModelError, Problem
from sbc_prevalence.model.anchors import anchor_problems
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel

VALUES, MASK = "_values", "_log_mask"


def check_start(model: PrevalenceModel, inputs: ModelInputs) -> None:
    """Refuse evidence that the sampler would silently change, fill in, or never reach.

    Raises
    ------
    EvidenceError
        With all faults: arrays that are not finite, counts that are not whole, completeness that is flat and anchored
        by nothing, evidence that has no probability at the centre of the priors.
    ModelError
        If a prior's centre or spread is not finite.
    """
    parameters = model.parameters(inputs)
    odd = [p.name for p in parameters.priors if not np.isfinite([p.center, p.sd]).all() or p.sd < 0]
    if odd:
        raise ModelError(f"the priors of {', '.join(odd)} have a centre or spread that is not a number, or a negative "
                         "spread. Correct them.")
    problems = [Problem("E-NOT-FINITE", name, "every number must be finite", "Look for missing values in that evidence.")
                for name, values in inputs.arrays.items() if not np.isfinite(values).all()]
    problems += [
        Problem("E-NOT-WHOLE", name.removesuffix(VALUES), "counts must be whole numbers",
                "Counts are not rounded here; correct the evidence.")
        for name, values in inputs.arrays.items()
        if name.endswith(VALUES) and np.isfinite(values).all() and np.any(values != np.round(values))]
    problems += anchor_problems(model, inputs)
    if not problems:
        problems = _impossible(model, inputs)
    if problems:
        raise EvidenceError(problems)


def _impossible(model: PrevalenceModel, inputs: ModelInputs) -> list[Problem]:
    """Evidence whose log-likelihood is not finite where every parameter is at its prior's centre."""
    sampled = model.sampled(inputs)
    noise = {p.name: np.zeros(p.shape) + 0.5 * (p.distribution == "half_normal") for p in sampled.priors}
    with np.errstate(all="ignore"):
        terms = model.loglik_terms(model.values(noise, inputs), inputs)
    return [Problem("E-IMPOSSIBLE", name, "must have some probability at the centre of the priors",
                    "Compare its size with what the priors expect; check units and the population it belongs to.")
            for name, value in terms.items() if not np.isfinite(value).all()]
