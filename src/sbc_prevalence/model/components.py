"""Components by name, so that a configuration, a notebook and a saved fit describe the same model."""

from collections.abc import Mapping
from typing import Any

from sbc_prevalence.errors import ConfigError, Problem
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.areas import AREA_EFFECTS
from sbc_prevalence.model.completeness import COMPLETENESS, SourceCompleteness
from sbc_prevalence.model.incidence import AbstractIncidence
from sbc_prevalence.model.natural_history import NaturalHistoryIncidence
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.smooth_incidence import SmoothIncidence
from sbc_prevalence.model.survival import FAMILIES


def model_from_specification(specification: Mapping[str, Any]) -> PrevalenceModel:
    """Model of a plain description, the inverse of `PrevalenceModel.specification`.

    Parameters
    ----------
    specification : mapping
        ``incidence`` ("natural_history", "smooth"), ``survival`` (a family), ``trend``, ``window_days``,
        and optionally ``area_effects`` ("exchangeable", "bym2"), ``completeness`` (a kind of `COMPLETENESS`),
        ``unregistered`` (centre and sd of the log hazard ratio of people who are not registered), ``ages`` (age bands),
        ``overrides`` and ``judgement_width``.

    Raises
    ------
    ConfigError
        If a component is unknown.
    """
    problems = []
    kind, family = str(specification["incidence"]), str(specification["survival"])
    effects = str(specification.get("area_effects", "exchangeable"))
    if kind not in ("natural_history", "smooth"):
        problems.append(Problem("E-MODEL", "model", "incidence is 'natural_history' or 'smooth'",
                                "Choose one of them.", column="incidence"))
    if family not in FAMILIES:
        problems.append(Problem("E-MODEL", "model", f"survival is one of {', '.join(FAMILIES)}",
                                "Choose one of them.", column="survival"))
    if effects not in AREA_EFFECTS:
        problems.append(Problem("E-MODEL", "model", f"area_effects is one of {', '.join(AREA_EFFECTS)}",
                                "Choose one of them.", column="area_effects"))
    completeness = str(specification.get("completeness", SourceCompleteness.kind))
    if completeness not in COMPLETENESS:
        problems.append(Problem("E-MODEL", "model", f"completeness is one of {', '.join(COMPLETENESS)}",
                                "Choose one of them.", column="completeness"))
    if problems:
        raise ConfigError(problems)
    areas = AREA_EFFECTS[effects]()
    incidence: AbstractIncidence = (
        NaturalHistoryIncidence(window_days=int(specification["window_days"]), areas=areas)
        if kind == "natural_history" else SmoothIncidence(areas=areas))
    stated = specification.get("unregistered")
    survival = FAMILIES[family](
        trend=specification.get("trend", "diagnosis_year"),
        unregistered=None if stated is None else (float(stated[0]), float(stated[1])))
    return PrevalenceModel(
        incidence=incidence, survival=survival, completeness=COMPLETENESS[completeness](),
        overrides=dict(specification.get("overrides") or {}),
        judgement_width=float(specification.get("judgement_width", 1.0)),
        area_factor=float(specification.get("area_factor", 1.0)),
        ages=AgeStructure(tuple(specification["ages"])) if specification.get("ages") else None)
