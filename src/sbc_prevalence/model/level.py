"""A level coordinate: the sampler moves along what deaths pin sharply, not along a curved ridge.

Yearly deaths fix the sum of de novo and recurrent incidence within one per cent, while each of the two is
uncertain by tens of per cent. In the natural parameters that is a narrow, bent ridge, which NUTS follows in small
steps and with divergences. The sampler therefore moves in zeta, the log level of expected certified deaths in units
of `SCALE`, and the error of the recurrence risks follows from it. The prior is unchanged: the log density carries
the prior of the error at its implied value and the Jacobian of the change.
"""

from sbc_prevalence.kernels.backend import Array, Namespace
from sbc_prevalence.model.inputs import ModelInputs

SCALE = 0.02
SMALLEST_SHARE = 1e-6


def implied_error(
    zeta: Array, fixed: Array, scaled: Array, inputs: ModelInputs, xp: Namespace
) -> tuple[Array, Array]:
    """Error of the recurrence risks that gives the level, and the log Jacobian (up to a constant).

    Parameters
    ----------
    zeta : array, shape (...)
    fixed, scaled : arrays, shape (..., n_years)
        Certified deaths that follow from the two parts of `AbstractIncidence.split`.
    """
    years = inputs.grid.years
    chosen = ((years >= inputs.grid.first_data_year) & (years <= inputs.grid.last_data_year)).astype(float)
    chosen = chosen / chosen.sum()
    still, moving = (fixed * chosen).sum(-1), (scaled * chosen).sum(-1)
    level = xp.exp(inputs.arrays["level_reference"] + SCALE * zeta)
    share = xp.maximum(1.0 - still / level, SMALLEST_SHARE)
    return xp.log(share * level / moving), -xp.log(share)


def log_density_change(zeta: Array, error: Array, center: Array, sd: Array, log_jacobian: Array) -> Array:
    """What is added to the log density when zeta, given a standard normal, stands for the error."""
    return 0.5 * zeta**2 - 0.5 * ((error - center) / sd) ** 2 + log_jacobian
