"""People who are not registered may die at another rate than those who are: a stated sensitivity.

The hazards of the population described are then those of registered people, and the others have them times rho_u. With c
the completeness at diagnosis, survivorship is the mixture c A + (1 - c) A_u, whose parts are each exact; deaths and the
living are linear in incidence, so that the two groups are simply convolved apart.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.grid import PRESENTATIONS
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.strata import Strata

if TYPE_CHECKING:
    from sbc_prevalence.model.completeness import CompletenessSource
    from sbc_prevalence.model.inputs import ModelInputs

RATIO = "unregistered_hazard_ratio"
SHARE = "registered_share"
"""Name under which the share of registered people stands among parameter values; not a parameter."""
LARGEST_SD = 1.0


def ratio_prior(stated: tuple[float, float]) -> Prior:
    """Prior of the hazard of the unregistered over that of the registered.

    Parameters
    ----------
    stated : tuple of float
        Centre and sd of its log; sd 0 fixes it.
    """
    return Prior(
        RATIO, "rho_u", "hazard of people who are not registered over that of those who are", "log_normal",
        float(stated[0]), float(stated[1]), "ratio", None, "Stated as a sensitivity; hardly any evidence reaches it.",
        group="survival")


def registering_sources(inputs: "ModelInputs") -> tuple["CompletenessSource", ...]:
    """For each presentation the source in which people count as registered.

    Raises
    ------
    ModelError
        If a presentation has no source with a stated completeness, or several and it is not said which.
    """
    if inputs.flows:
        raise ModelError(
            "another hazard of the unregistered cannot be combined with registration and death in competition: who is "
            "registered then follows from who lives. Leave out 'unregistered', or the cases found at death.")
    named = {name for piece in inputs.observations if (name := getattr(piece, "registered_in", ""))}
    stated = inputs.with_stated_sources().completeness_sources
    found = []
    for kind in PRESENTATIONS:
        holding = [source for source in stated if kind in source.presentations]
        chosen = [source for source in holding if any(source.name.startswith(name) for name in named)] or holding
        words = kind.replace("_", " ")
        if not chosen:
            raise ModelError(
                f"another hazard of the unregistered needs to know who is registered: no registrations of {words} "
                "disease have a completeness. Add them, or leave 'unregistered' out.")
        if len(chosen) > 1:
            raise ModelError(
                f"another hazard of the unregistered needs one source of registrations of {words} disease and there are "
                f"{', '.join(source.name for source in chosen)}. Name it as 'registered_in' of the survival records.")
        found.append(chosen[0])
    return tuple(found)


def registered_share(
    completeness: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY
) -> Array:
    """Share of diagnoses that are registered, by presentation and year of diagnosis; the mean over areas.

    Parameters
    ----------
    completeness : mapping of source to array, shape (..., n_areas or 1, n_years or 1)

    Returns
    -------
    array, shape (..., presentation, n_years or 1)
    """
    weights = _area_weights(inputs)[:, None]
    first, second = ((completeness[source.name] * weights).sum(-2) for source in registering_sources(inputs))
    return xp.stack([first + 0.0 * second, second + 0.0 * first], axis=-2)


def _area_weights(inputs: "ModelInputs") -> NDArray[np.float64]:
    """Weights of the areas that sum to 1: their primaries, their population, or none better than another."""
    if inputs.primaries is not None:
        size = np.asarray(inputs.primaries.smooth).mean(-1)
    elif inputs.population is not None:
        size = inputs.population.mean(-1)
    else:
        size = np.ones(inputs.n_areas)
    return np.asarray(size / size.sum())


def of_strata(share: Array, n_strata: int) -> Array:
    """Share of the registered in every stratum, presentation first; shape (..., n_strata, n_years or 1)."""
    return share[..., np.repeat(np.arange(len(PRESENTATIONS)), n_strata // len(PRESENTATIONS)), :]


def mixed(registered: Array, unregistered: Array, share: Array, n_strata: int) -> Array:
    """Survivorship of everybody, shape (..., n_strata, n_years, n_durations), from that of both groups."""
    c = of_strata(share, n_strata)[..., None]
    return c * registered + (1.0 - c) * unregistered


def apart(
    cases: Array, strata: Strata, ratio: Array, share: Array, xp: Namespace
) -> tuple[Array, Strata]:
    """Registered and unregistered people as strata of their own.

    Parameters
    ----------
    cases : array, shape (..., n_strata, n_levels, n_years)
    strata : Strata
    ratio : array, shape (...)
    share : array, shape (..., presentation, n_years or 1)

    Returns
    -------
    cases : array, shape (..., 2 n_strata, n_levels, n_years)
    strata : Strata
        Twice as many, those of the registered first.
    """
    c = of_strata(share, strata.size)[..., None, :]
    both = Strata(
        xp.concatenate([strata.ratios, strata.ratios * ratio[..., None]], axis=-1),
        xp.concatenate([strata.slopes, strata.slopes], axis=-1), np.concatenate([strata.floor, strata.floor]))
    return xp.concatenate([cases * c, cases * (1.0 - c)], axis=-3), both


def check_stated(stated: tuple[float, float] | None) -> None:
    """Refuse what cannot be a centre and an sd of the log of a ratio."""
    if stated is None:
        return
    center, sd = (float(v) for v in stated)
    if not np.isfinite([center, sd]).all() or not 0.0 <= sd <= LARGEST_SD or abs(center) > np.log(20.0):
        raise ModelError(
            "the hazard ratio of the unregistered is the centre and sd of a log: -3 to 3, and 0 to 1. Correct them.")
