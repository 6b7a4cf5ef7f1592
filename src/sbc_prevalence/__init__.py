"""How many people are newly diagnosed with, and living with, secondary (metastatic) breast cancer.

Public names are loaded when they are first used: importing the package loads neither PyMC nor matplotlib.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sbc_prevalence import kernels
    from sbc_prevalence.data.areas import load_areas
    from sbc_prevalence.data.catalogue import load_carried
    from sbc_prevalence.errors import FitRefused, InputError, SbcPrevalenceError
    from sbc_prevalence.evidence import (
        CompletenessAudit,
        CompletenessPrior,
        Deaths,
        DistantRecurrence,
        EvidenceBundle,
        LivingCounts,
        OtherCauseMortality,
        Population,
        PrimaryAgeProfile,
        PrimaryRegistrations,
        PublishedSurvival,
        Registrations,
    )
    from sbc_prevalence.grid import AreaSet
    from sbc_prevalence.model import (
        LogLogisticSurvival,
        NaturalHistoryIncidence,
        PiecewiseExponentialSurvival,
        PrevalenceModel,
        SmoothIncidence,
        WeibullSurvival,
    )
    from sbc_prevalence.posterior import fit, load_fitted
    from sbc_prevalence.prevalence import estimate
    from sbc_prevalence.release import read_release

__version__ = metadata.version("sbc-prevalence")

_EVIDENCE, _MODEL = "sbc_prevalence.evidence", "sbc_prevalence.model"
_HOMES = {
    "AreaSet": "sbc_prevalence.grid",
    "CompletenessAudit": _EVIDENCE,
    "CompletenessPrior": _EVIDENCE,
    "Deaths": _EVIDENCE,
    "DistantRecurrence": _EVIDENCE,
    "EvidenceBundle": _EVIDENCE,
    "FitRefused": "sbc_prevalence.errors",
    "InputError": "sbc_prevalence.errors",
    "LivingCounts": _EVIDENCE,
    "LogLogisticSurvival": _MODEL,
    "NaturalHistoryIncidence": _MODEL,
    "OtherCauseMortality": _EVIDENCE,
    "PiecewiseExponentialSurvival": _MODEL,
    "Population": _EVIDENCE,
    "PrevalenceModel": _MODEL,
    "PrimaryAgeProfile": _EVIDENCE,
    "PrimaryRegistrations": _EVIDENCE,
    "PublishedSurvival": _EVIDENCE,
    "Registrations": _EVIDENCE,
    "SbcPrevalenceError": "sbc_prevalence.errors",
    "SmoothIncidence": _MODEL,
    "WeibullSurvival": _MODEL,
    "estimate": "sbc_prevalence.prevalence",
    "fit": "sbc_prevalence.posterior",
    "kernels": "sbc_prevalence",
    "load_areas": "sbc_prevalence.data.areas",
    "load_carried": "sbc_prevalence.data.catalogue",
    "load_fitted": "sbc_prevalence.posterior",
    "read_release": "sbc_prevalence.release",
}

__all__ = [
    "AreaSet",
    "CompletenessAudit",
    "CompletenessPrior",
    "Deaths",
    "DistantRecurrence",
    "EvidenceBundle",
    "FitRefused",
    "InputError",
    "LivingCounts",
    "LogLogisticSurvival",
    "NaturalHistoryIncidence",
    "OtherCauseMortality",
    "PiecewiseExponentialSurvival",
    "Population",
    "PrevalenceModel",
    "PrimaryAgeProfile",
    "PrimaryRegistrations",
    "PublishedSurvival",
    "Registrations",
    "SbcPrevalenceError",
    "SmoothIncidence",
    "WeibullSurvival",
    "estimate",
    "fit",
    "kernels",
    "load_areas",
    "load_carried",
    "load_fitted",
    "read_release",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sbc_prevalence' has no attribute '{name}'")
    if name == "kernels":
        return import_module("sbc_prevalence.kernels")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
