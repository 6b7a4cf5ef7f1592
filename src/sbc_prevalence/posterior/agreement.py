"""The compiled model and the description must be one model: checked on the draws of every fit."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import HALF
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior.sampling import Run

N_CHECKED = 25
TOLERANCE = 1e-6


def log_density(model: PrevalenceModel, inputs: ModelInputs, run: Run, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log posterior density of some draws by NumPy, on the sampler's own scale, up to a constant.

    Parameters
    ----------
    chosen : int array, shape (n,)
        Positions among all draws, the first chain first.
    """
    flat = {name: values.reshape(-1, *values.shape[2:])[chosen] for name, values in run.blocks.items()}
    values, change = model.log_density_change(model.sampled(inputs).noise_by_name(flat), inputs)
    total = np.zeros(chosen.size) + np.asarray(change)
    for term in model.loglik_terms(values, inputs).values():
        total = total + np.asarray(term)
    for name, noise in flat.items():
        axes = tuple(range(1, noise.ndim))
        total = total - 0.5 * (noise**2).sum(axes)
        if name == HALF:
            total = total + np.log(noise).sum(axes)
    return np.asarray(total)


def check_agreement(model: PrevalenceModel, inputs: ModelInputs, run: Run) -> None:
    """Compare the sampler's log density with that of the description on some draws.

    Swapped data that did not arrive, a stale cache or a wrong compilation all show here.

    Raises
    ------
    ModelError
        If they differ by more than a constant.
    """
    if "logp" not in run.stats:
        return
    said = run.stats["logp"].ravel()
    chosen = np.unique(np.linspace(0, said.size - 1, min(N_CHECKED, said.size)).astype(np.int64))
    ours = log_density(model, inputs, run, chosen)
    apart = said[chosen] - ours
    if not np.isfinite(apart).all():
        return
    spread = float(np.ptp(apart))
    if spread > TOLERANCE * max(1.0, float(np.abs(ours).max())):
        raise ModelError("the compiled model does not agree with its description: log densities differ by "
                         f"{spread:.3g} beyond a constant. Clear PyTensor's compilation cache and fit again; if it "
                         "persists, report it.")
