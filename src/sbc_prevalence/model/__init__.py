"""The model: components that each own one latent quantity, and how evidence observes them.

Nothing here imports PyMC but `build` and `fused_ops`, which are loaded when a model is fitted.
"""

from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.areas import ExchangeableAreas, NeighbouringAreas
from sbc_prevalence.model.attribution import DeathAttribution
from sbc_prevalence.model.completeness import (
    HierarchicalCompleteness,
    JointCompleteness,
    RegimeCompleteness,
    SourceCompleteness,
)
from sbc_prevalence.model.components import model_from_specification
from sbc_prevalence.model.describe import describe
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.natural_history import NaturalHistoryIncidence
from sbc_prevalence.model.parameters import ParameterSet, Prior
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.smooth_incidence import SmoothIncidence
from sbc_prevalence.model.survival import (
    GeneralisedGammaSurvival,
    LogLogisticSurvival,
    MixtureCureSurvival,
    PiecewiseExponentialSurvival,
    WeibullSurvival,
)

__all__ = [
    "AgeStructure",
    "DeathAttribution",
    "ExchangeableAreas",
    "GeneralisedGammaSurvival",
    "HierarchicalCompleteness",
    "JointCompleteness",
    "LogLogisticSurvival",
    "MixtureCureSurvival",
    "ModelInputs",
    "NaturalHistoryIncidence",
    "NeighbouringAreas",
    "ParameterSet",
    "PiecewiseExponentialSurvival",
    "PrevalenceModel",
    "Prior",
    "RegimeCompleteness",
    "SmoothIncidence",
    "SourceCompleteness",
    "WeibullSurvival",
    "describe",
    "lay_out",
    "model_from_specification",
]
