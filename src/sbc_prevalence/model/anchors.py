"""What tells the completeness of a source apart from incidence; without it counts know their product only."""

import numpy as np

from sbc_prevalence.errors import Problem
from sbc_prevalence.model.completeness import completeness_name
from sbc_prevalence.model.completeness.regime import SURVEY
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel

FLAT_LOGIT_SD = 1.5
"""Spread of the logit from which a prior says next to nothing: its central 95 % run from 0.05 to 0.95."""
N_DRAWS = 2000
ANCHORS = (
    "an audit of the source (completeness_audit)", "a validation sample", "cases found at death", "certified deaths",
    "overlapping lists", "a survey of reporting regimes",
    "a count of the living whose sensitivity is known or validated",
    "another source of the same presentation whose completeness is known within limits")


def anchor_problems(model: PrevalenceModel, inputs: ModelInputs) -> list[Problem]:
    """Sources of registrations whose completeness is flat a priori and informed by nothing else.

    Parameters
    ----------
    model : PrevalenceModel
        With its own priors: an override may make a completeness flat.
    inputs : ModelInputs
        Evidence whose likelihood has the power 0 anchors nothing.
    """
    spreads = logit_spreads(model, inputs)
    flat = [s for s in inputs.completeness_sources if spreads[s.name] >= FLAT_LOGIT_SD]
    firm = {k for s in inputs.completeness_sources if s not in flat and inputs.power_of(s.name) > 0
            for k in s.presentations}
    heard = [piece for piece in inputs.observations if inputs.power_of(piece.name) > 0]
    by_flow = {name for flow in inputs.flows if inputs.power_of(flow.name) > 0 for name in flow.sources}
    found = []
    for source in flat:
        told = source.surveyed and inputs.power_of(SURVEY) > 0
        anchored = told or source.name in by_flow or any(piece.anchors(source.name) for piece in heard)
        if anchored or firm >= set(source.presentations):
            continue
        found.append(Problem(
            "E-COMPLETENESS-FLAT", source.name,
            "completeness is nearly flat and nothing anchors it: counts alone cannot tell more disease from better "
            "registration",
            f"Any of these anchors it: {'; '.join(ANCHORS)}. Or give a narrower prior, with its source.",
            detail=f"sd of its logit {spreads[source.name]:.2g}, below {FLAT_LOGIT_SD:g} is asked for"))
    return found


def logit_spreads(model: PrevalenceModel, inputs: ModelInputs) -> dict[str, float]:
    """Prior standard deviation of the logit of completeness by source, in the middle of its areas and years.

    0 where it is known. Exact where a source has one parameter, else from draws of the priors.
    """
    if not inputs.completeness_sources:
        return {}
    parameters = model.parameters(inputs)
    single = {s.name: parameters[completeness_name(s)] for s in inputs.completeness_sources
              if completeness_name(s) in parameters.names}
    own = {name: p.sd for name, p in single.items() if not p.shape}
    if len(own) == len(inputs.completeness_sources) and model.completeness.kind == "by_source":
        return own
    bare = inputs.with_power({piece.name: 0.0 for piece in inputs.observations})
    drawn = model.completeness_of(parameters.draw(np.random.default_rng(0), N_DRAWS), bare)
    found = {}
    for source in inputs.completeness_sources:
        c = np.asarray(drawn[source.name])
        with np.errstate(divide="ignore"):
            spread = (np.log(c) - np.log1p(-c)).std(0)
        found[source.name] = float(np.nan_to_num(np.median(spread), nan=0.0))
    return found
