"""The PyMC model: standard-normal noise, swappable data, one potential per piece of evidence."""

from types import SimpleNamespace
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from sbc_prevalence.kernels.survivorship import FIRST_WEIGHTS, LATER_WEIGHTS
from sbc_prevalence.model.fused_ops import deaths_and_living, generalised_gamma
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import HALF, ZERO_SUM, ParameterSet
from sbc_prevalence.model.prevalence_model import PrevalenceModel, Shared
from sbc_prevalence.model.swappable import swappable

PLAIN = SimpleNamespace(
    exp=pt.exp,
    log=pt.log,
    log1p=pt.log1p,
    expm1=pt.expm1,
    sqrt=pt.sqrt,
    maximum=pt.maximum,
    where=pt.where,
    cumsum=pt.cumsum,
    concatenate=pt.concatenate,
    stack=pt.stack,
    zeros_like=pt.zeros_like,
    ones_like=pt.ones_like,
    sum=pt.sum,
    prod=pt.prod,
    gammaln=pt.gammaln,
    sigmoid=pt.sigmoid,
    logsumexp=lambda x, axis: pt.logsumexp(x, axis=axis),
    unflatten=lambda x, shape: x.reshape((*(x.shape[i] for i in range(x.ndim - 1)), *shape)),
    convolve=None,
    generalised_gamma=generalised_gamma,
)


def _convolve(*arguments: Any) -> tuple[Any, Any]:
    return deaths_and_living(*arguments, FIRST_WEIGHTS, LATER_WEIGHTS)  # type: ignore[call-arg]


FUSED = SimpleNamespace(**{**vars(PLAIN), "convolve": _convolve})
"""The same namespace with survivorship and convolution as one compiled operation."""


def build(model: PrevalenceModel, inputs: ModelInputs, *, fused: bool = True) -> pm.Model:
    """PyMC model of a description and its evidence.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
    fused : bool
        Whether survivorship and convolution are one compiled operation, or plain graph (the reference).

    Returns
    -------
    pymc.Model
        The free variables are standard noise, one vector for each kind of distribution (few large variables
        compile several times faster than many small ones); `parameters.noise_by_name` gives them names again.
        Parameters that no evidence reaches (`PrevalenceModel.prior_only`) are left out.
        Every array of `swappable` is a ``pm.Data``.
    """
    parameters = model.sampled(inputs)
    xp = FUSED if fused else PLAIN
    with pm.Model() as built:
        data = {name: pm.Data(name, value) for name, value in swappable(model, inputs).items()}
        symbolic = inputs.with_arrays({k: v for k, v in data.items() if k in inputs.arrays})
        shared: Shared = {}
        values, change = model.log_density_change(
            _noise(parameters), symbolic, xp, data["prior_center"], data["prior_sd"], shared
        )
        terms = model.loglik_terms(values, symbolic, xp, shared)
        if not isinstance(change, float):
            pm.Potential("coordinates", change)
        pm.Potential("log_likelihood", sum(terms.values()))
    return built


def _noise(parameters: ParameterSet) -> dict[str, Any]:
    """Symbolic noise of every parameter, cut out of one vector for each kind of distribution."""
    found: dict[str, Any] = {}
    for name, members in parameters.noise_blocks().items():
        if name.startswith(ZERO_SUM):
            found[members[0].name] = pm.ZeroSumNormal(name, 1.0, shape=members[0].shape)
            continue
        sizes = [prior.size for prior in members]
        block = (
            pm.HalfNormal(name, 1.0, shape=sum(sizes))
            if name == HALF
            else pm.Normal(name, 0.0, 1.0, shape=sum(sizes))
        )
        pieces = pt.split(block, sizes) if len(sizes) > 1 else [block]
        for prior, piece in zip(members, pieces, strict=True):
            found[prior.name] = piece.reshape(prior.shape) if prior.shape else piece[0]
    return found
