"""All pieces of evidence together: their priors and their log-likelihoods."""

from sbc_prevalence.errors import ModelError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observation import Parameters, Seen, power_name
from sbc_prevalence.model.observing.regimes import regime_loglik, regime_terms
from sbc_prevalence.model.parameters import Prior


def evidence_priors(inputs: ModelInputs) -> list[Prior]:
    """Priors that the evidence itself brings; one that several pieces bring is there once."""
    found: dict[str, Prior] = {}
    for observation in inputs.observations:
        for prior in observation.priors(inputs):
            if found.setdefault(prior.name, prior) != prior:
                raise ModelError(f"two pieces of evidence bring other priors of '{prior.name}'. Rename one.")
    return list(found.values())


def evidence_terms(p: Parameters, seen: Seen, inputs: ModelInputs, xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood of each piece of evidence to the power that `with_power` gave it, each of shape (...)."""
    terms: dict[str, Array] = {}
    for observation in inputs.observations:
        found = observation.terms(p, seen, inputs, xp)
        power = inputs.arrays.get(power_name(observation.name))
        terms |= found if power is None else {name: power * value for name, value in found.items()}
    if "regimes" in seen:
        terms |= regime_terms(p, seen, inputs, xp)
    return terms


def evidence_loglik(p: Parameters, seen: Seen, inputs: ModelInputs, xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood by name of the observation, all its terms together, whatever its power; each of shape (...)."""
    found = {piece.name: sum(piece.terms(p, seen, inputs, xp).values()) for piece in inputs.observations}
    return found | regime_loglik(p, seen, inputs, xp) if "regimes" in seen else found
