"""The national table repeated under other choices: which models to fit, and what to read from each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.priors import CompletenessPrior
from sbc_prevalence.grid import ALL, PRESENTATIONS
from sbc_prevalence.model import ModelInputs, PrevalenceModel
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.observation import one_word
from sbc_prevalence.model.survival import FAMILIES

FAMILY, RATIO = "survival family", "recurrent : de novo hazard ratio"
UNREGISTERED = "hazard of the unregistered"
SPREAD, WIDTH = "area spread", "judgement priors"
COMPLETENESS = "completeness prior"
_FAMILY_WORDS = {
    "weibull": "Weibull",
    "piecewise_exponential": "piecewise exponential",
    "log_logistic": "log-logistic",
    "generalised_gamma": "generalised gamma",
    "mixture_cure": "mixture cure",
}
_FACTOR_WORDS = {0.5: "halved", 1.0: "as stated", 2.0: "doubled"}


@dataclass(frozen=True)
class Scenario:
    """One repetition of the national table.

    Parameters
    ----------
    group, label : str
        What is varied, and its value in words.
    model : PrevalenceModel
    is_headline : bool
        Whether it is the headline's own choice, so that no other fit is needed.
    shows_areas : bool
        Whether its table holds the areas too.
    area_factor : float
        Factor on the prior spread between areas.
    inputs : ModelInputs, optional
        Where the evidence says something else of completeness; None: the study's own.
    """

    group: str
    label: str
    model: PrevalenceModel
    is_headline: bool = False
    shows_areas: bool = False
    area_factor: float = 1.0
    inputs: ModelInputs | None = None


def family_word(family: str) -> str:
    """A survival family as it is printed."""
    return _FAMILY_WORDS.get(family, family.replace("_", " "))


def factor_word(factor: float) -> str:
    """A factor on a spread as it is printed."""
    return _FACTOR_WORDS.get(factor, f"times {factor:g}")


def scenarios(
    model: PrevalenceModel,
    *,
    survival_families: Sequence[str],
    hazard_ratios: Sequence[float],
    area_spread: Sequence[float],
    judgement_width: Sequence[float],
    n_areas: int,
    unregistered_hazard_ratios: Sequence[float] = (),
) -> list[Scenario]:
    """Repetitions of the national table, the headline's own among them, in the order of the report.

    Parameters
    ----------
    model : PrevalenceModel
        The headline's.
    survival_families, hazard_ratios, area_spread, judgement_width
        Values to show; the headline's own family is always shown first.
    n_areas : int
        With one area there is no spread to vary.
    unregistered_hazard_ratios
        Hazards of people who are not registered over that of those who are.
    """
    own = model.survival.family
    found = [Scenario(FAMILY, family_word(own), model, is_headline=True)]
    for family in survival_families:
        if family != own:
            other = replace(model, survival=FAMILIES[family](
                trend=model.survival.trend, ratio_from_published=model.survival.ratio_from_published,
                unregistered=model.survival.unregistered))
            found.append(Scenario(FAMILY, family_word(family), other))
    if hazard_ratios:
        found.append(Scenario(RATIO, "estimated, wide prior", model, is_headline=True))
    for ratio in hazard_ratios:
        why = f"fixed at {ratio:g} to show what it does"
        fixed = replace(model, survival=replace(model.survival, ratio_from_published=False)).with_overrides(
            ratio_transfer_error={"center": float(np.log(ratio)), "sd": 0.0, "reason": why})
        found.append(Scenario(RATIO, f"fixed at {ratio:.2f}", fixed))
    if unregistered_hazard_ratios:
        found.append(Scenario(UNREGISTERED, _unregistered_word(model), model, is_headline=True))
    found += [_unregistered_at(model, ratio) for ratio in unregistered_hazard_ratios]
    if n_areas > 1 and area_spread:
        found.append(Scenario(SPREAD, factor_word(1.0), model, is_headline=True, shows_areas=True))
        found += [_with_spread(model, factor) for factor in area_spread]
    if judgement_width:
        found.append(Scenario(WIDTH, factor_word(1.0), model, is_headline=True))
    for factor in judgement_width:
        found.append(Scenario(
            WIDTH, f"width {factor_word(factor)}",
            replace(model, judgement_width=model.judgement_width * factor)))
    return found


def _unregistered_word(model: PrevalenceModel) -> str:
    stated = model.survival.unregistered
    if stated is None:
        return "as that of the registered"
    return f"fixed at {np.exp(stated[0]):.2f}" if stated[1] == 0 else "as stated, uncertain"


def _unregistered_at(model: PrevalenceModel, ratio: float) -> Scenario:
    """Another hazard of the unregistered; one program serves for every value."""
    why = f"fixed at {ratio:g} to show what it does"
    faster = replace(model, survival=replace(model.survival, unregistered=(0.0, 0.0))).with_overrides(
        unregistered_hazard_ratio={"center": float(np.log(ratio)), "sd": 0.0, "reason": why})
    return Scenario(UNREGISTERED, f"fixed at {ratio:.2f}", faster)


def _with_spread(model: PrevalenceModel, factor: float) -> Scenario:
    """The prior spread between areas multiplied, its uncertainty kept."""
    return Scenario(SPREAD, factor_word(factor), replace(model, area_factor=model.area_factor * factor),
                    shows_areas=True, area_factor=factor)


@dataclass(frozen=True)
class OtherCompleteness:
    """Another prior of the completeness of one source.

    Parameters
    ----------
    name : str
        As the report calls it.
    sources : tuple of str
        Names in ``inputs.completeness_sources``: one for each presentation that the source holds.
    prior : CompletenessPrior
    reason : str
    """

    name: str
    sources: tuple[str, ...]
    prior: CompletenessPrior
    reason: str


def completeness_scenarios(
    model: PrevalenceModel, inputs: ModelInputs, others: Sequence[OtherCompleteness]
) -> list[Scenario]:
    """Repetitions under other priors of completeness, the headline's own first; none where none is declared.

    Raises
    ------
    EvidenceError
        If an alternative changes nothing, because the completeness of its source is not a parameter of its own.
    """
    found = [Scenario(COMPLETENESS, "as stated", model, is_headline=True, shows_areas=True)] if others else []
    for other in others:
        changed = with_completeness(inputs, other)
        if model.parameters(changed).priors == model.parameters(inputs).priors:
            raise EvidenceError(Problem(
                "E-SCENARIO", other.name, "another prior of completeness must change a prior of the model",
                "The completeness of this source follows from a survey of regimes or from cases found at death, or the "
                "prior is the stated one: change [model.priors] instead, or leave the alternative out."))
        found.append(Scenario(COMPLETENESS, other.name, model, shows_areas=True, inputs=changed))
    return found


def with_completeness(inputs: ModelInputs, other: OtherCompleteness) -> ModelInputs:
    """The same inputs with another prior of completeness for some sources.

    A value taken as known, below 1, is a prior without spread where the model has a parameter: no other program has to
    be compiled for it.
    """
    prior = other.prior

    def changed(source: CompletenessSource) -> CompletenessSource:
        if source.name not in other.sources:
            return source
        if prior.value is not None and (source.known is not None or prior.value == 1):
            return replace(source, known=float(prior.value), logit_center=0.0, logit_sd=0.0, reason=other.reason)
        center, sd = prior.on_logit
        return replace(source, known=None, logit_center=center, logit_sd=sd, reason=other.reason)

    return replace(inputs, completeness_sources=tuple(changed(s) for s in inputs.completeness_sources))


def sources_of_piece(inputs: ModelInputs, piece: str) -> tuple[str, ...]:
    """Names of the sources that come from one piece of evidence, one for each presentation."""
    stem = one_word(piece)
    return tuple(s.name for s in inputs.completeness_sources
                 if s.name in {f"{stem}_{word}" for word in (*PRESENTATIONS, ALL)})
