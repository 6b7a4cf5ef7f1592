"""Registration and death in competition: completeness of a source follows from a hazard of registration and survival."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sbc_prevalence.grid import PRESENTATIONS
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.convolution import alive_on_grid, diagonal_index
from sbc_prevalence.kernels.registration_flow import flows_by_year
from sbc_prevalence.kernels.survivorship import FIRST_NODES, FIRST_WEIGHTS, LATER_NODES, LATER_WEIGHTS
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

Parameters = Mapping[str, Array]

REFERENCE_HAZARD = 1.0 / 3.0
"""Hazard of death [per year] at which a belief on completeness becomes one on the hazard of registration."""


@dataclass(frozen=True)
class RegistrationFlow:
    """How one source comes to know of people: registered in life at a constant hazard, else perhaps by the certificate.

    Parameters
    ----------
    name : str
        A word, unique in a study.
    presentations : tuple of str
        Presentations that the source holds together.
    sources : tuple of str
        Names of the registrations whose completeness follows from it.
    hold_all : bool
        Whether these registrations hold those found at death too, or only those registered in life.
    logit_center, logit_sd : float
        What is believed of completeness, on the logit.
    mention_known : float or None
        Probability that the certificate of an unregistered person mentions the disease, where it is taken as known.
    mention_center, mention_sd : float
        Of its prior on the logit, where it is not.
    reason : str
    """

    name: str
    presentations: tuple[str, ...]
    sources: tuple[str, ...]
    hold_all: bool
    logit_center: float
    logit_sd: float
    mention_known: float | None
    mention_center: float
    mention_sd: float
    reason: str
    equation: ClassVar[str] = "registered in life: integral of r S(u) exp(-r u); found at death: m x dead unregistered"

    def priors(self) -> list[Prior]:
        """Hazard of registration, mention on the certificate, and success of tracing back."""
        fixed = self.mention_known is not None
        return [
            Prior(
                f"registration_hazard_{self.name}",
                "r_j",
                f"hazard of registration in life, {self.name}",
                "log_normal",
                self.logit_center + float(np.log(REFERENCE_HAZARD)),
                self.logit_sd,
                "per year",
                None,
                f"{self.reason} Under a constant hazard of death h completeness is r / (r + h): its logit is "
                "log r - log h, taken at one death in three years.",
                group="completeness",
            ),
            Prior(
                f"mention_{self.name}",
                "m_j",
                f"certificate of an unregistered person mentions the disease, {self.name}",
                "normal" if fixed else "logit_normal",
                float(self.mention_known) if self.mention_known is not None else self.mention_center,
                0.0 if fixed else self.mention_sd,
                "probability",
                None,
                "Given with the cases found at death; they cannot tell it from completeness.",
                group="completeness",
            ),
            Prior(
                f"trace_back_{self.name}",
                "q_j",
                f"a case found at death is traced back to its records, {self.name}",
                "logit_normal",
                0.0,
                1.5,
                "probability",
                None,
                "Nearly flat; death-initiated against certificate-only cases inform it.",
                group="completeness",
            ),
        ]


def flow_priors(inputs: "ModelInputs") -> list[Prior]:
    """Priors of all flows of a study."""
    return [prior for flow in inputs.flows for prior in flow.priors()]


def derived_sources(inputs: "ModelInputs") -> frozenset[str]:
    """Names of the registrations whose completeness follows from a flow."""
    return frozenset(source for flow in inputs.flows for source in flow.sources)


@dataclass(frozen=True, eq=False)
class Flows:
    """What a source learns of those diagnosed in a year; arrays of shape (..., presentation, n_years, n_durations).

    Parameters
    ----------
    registered, dead, missing : array
        Of a year's diagnoses: registered in calendar year m after it, dead unregistered in that year, alive and
        unregistered at its end.
    """

    registered: Array
    dead: Array
    missing: Array


def flows_of(
    flow: RegistrationFlow, p: Parameters, first: Array, later: Array, n_years: int, xp: Namespace = NUMPY
) -> Flows:
    """Flows of one source from survival at the nodes of `kernels.survivorship`.

    Parameters
    ----------
    first : array, shape (..., presentation, n_years, n_first)
    later : array, shape (..., presentation, n_years, n_durations - 1, n_later)
    """
    return Flows(*flows_by_year(first, later, p[f"registration_hazard_{flow.name}"][..., None, None], n_years, xp))


def on_grid(by_duration: Array, n_years: int) -> Array:
    """By year of diagnosis and calendar year, shape (..., n_years, n_years), what is the same for all diagnosis years."""
    index, mask = diagonal_index(n_years)
    return by_duration[..., index] * mask


def seen_of_flows(
    p: Parameters, inputs: "ModelInputs", first: Array, later: Array, whole: Array, cases: Array, xp: Namespace = NUMPY
) -> dict[str, dict[str, Any]]:
    """What evidence sees of the flows of a study.

    Parameters
    ----------
    first, later : arrays
        Survival at the nodes, see `flows_of`, of one year's diagnoses: completeness is constant in time.
    whole : array, shape (..., presentation, n_years)
        True incidence of all areas together.
    cases : array, shape (..., presentation, n_levels, n_years)
        True incidence at the levels of evidence.

    Returns
    -------
    dict
        ``completeness`` by source, (..., 1, 1): people in the source of all diagnosed in the years with data, sooner or
        later; ``arrived`` by source, (..., n_rows): those held by the date of extraction, over the completeness;
        ``flows`` by name: shares registered in life and dead unregistered, each (..., presentation, n_years, n_years) by
        year of diagnosis and calendar year.
    """
    years = inputs.grid.years
    with_data = ((years >= inputs.grid.first_data_year) & (years <= inputs.grid.last_data_year)).astype(float)
    found: dict[str, dict[str, Any]] = {"completeness": {}, "arrived": {}, "flows": {}}
    for flow in inputs.flows:
        found_of = flows_of(flow, p, first, later, inputs.n_years, xp)
        flows = Flows(*(x[..., 0, :] for x in (found_of.registered, found_of.dead, found_of.missing)))
        chosen = [PRESENTATIONS.index(k) for k in flow.presentations]
        found["flows"][flow.name] = tuple(on_grid(x, inputs.n_years) for x in (flows.registered, flows.dead))
        share = flows.registered.sum(-1)
        if flow.hold_all:
            share = share + p[f"mention_{flow.name}"][..., None] * (1.0 - share)
        weights = [(whole[..., k, :] * with_data).sum(-1) for k in chosen]
        held = sum(w * share[..., k] for w, k in zip(weights, chosen, strict=True))
        completeness = held / sum(weights)
        for source in flow.sources:
            found["completeness"][source] = completeness[..., None, None]
            if f"{source}_tent" in inputs.arrays:
                by_date = _held_by_date(flow, p, inputs, source, first, later, flows, chosen, cases, xp)
                found["arrived"][source] = by_date / completeness[..., None]
    return found


def _held_by_date(
    flow: RegistrationFlow, p: Parameters, inputs: "ModelInputs", source: str, first: Array, later: Array, flows: Flows,
    chosen: list[int], cases: Array, xp: Namespace,
) -> Array:
    """Share of each row's diagnoses that the source holds on the row's date of extraction, shape (..., n_rows)."""
    a, n_first = inputs.arrays, FIRST_NODES.size
    level, year, tent = a[f"{source}_level"], a[f"{source}_year"], a[f"{source}_tent"]
    tent_later = xp.unflatten(tent[:, n_first:], (inputs.n_years - 1, LATER_NODES.size))
    times = np.arange(1, inputs.n_years, dtype=float)[:, None] + LATER_NODES
    before, part = a[f"{source}_full_years"], a[f"{source}_part"]
    r = p[f"registration_hazard_{flow.name}"]
    diagnosed, held = 0.0, 0.0
    for k in chosen:
        soon = first[..., k, 0, :] * xp.exp(-r[..., None] * FIRST_NODES)
        rest = later[..., k, 0, :, :] * xp.exp(-r[..., None, None] * times)
        at_risk = (soon[..., None, :] * tent[:, :n_first]).sum(-1) + (rest[..., None, :, :] * tent_later).sum(-1).sum(-1)
        share = r[..., None] * at_risk
        if flow.hold_all:
            at = flows.missing[..., k, :]
            missing = xp.exp((1.0 - part) * xp.log(at[..., before]) + part * xp.log(at[..., before + 1]))
            share = share + p[f"mention_{flow.name}"][..., None] * (1.0 - share - missing)
        weight = cases[..., k, :, :][..., level, year]
        diagnosed, held = diagnosed + weight, held + weight * share
    return held / diagnosed


def tent_weights(elapsed: np.ndarray, n_years: int) -> dict[str, np.ndarray]:
    """Weights of the nodes of survival in what is registered of a year's diagnoses by a date.

    A diagnosis at time v of the year has been at risk for elapsed - v years by then; over the year, time u since
    diagnosis is at risk with weight min(max(elapsed - u, 0), 1).

    Parameters
    ----------
    elapsed : array, shape (n_rows,)
        Years from the start of the year of diagnosis to the date; 1 or more.
    n_years : int
        Durations of the model.

    Returns
    -------
    dict
        ``tent`` (n_rows, n_nodes): nodes of the first year, then of the later ones; ``full_years`` (n_rows,): the last
        whole year before the date, from 0; ``part`` (n_rows,): the rest of a year.
    """
    times = np.concatenate([FIRST_NODES, (np.arange(1, n_years)[:, None] + LATER_NODES).ravel()])
    weights = np.concatenate([FIRST_WEIGHTS, np.tile(LATER_WEIGHTS, n_years - 1)])
    whole = np.clip(np.floor(elapsed + 1e-9) - 1, 0, n_years - 2).astype(np.int64)
    return {
        "tent": weights * np.clip(elapsed[:, None] - times, 0.0, 1.0),
        "full_years": whole,
        "part": np.clip(elapsed - 1.0 - whole, 0.0, 1.0),
    }


def unregistered_living(
    flow: RegistrationFlow, p: Parameters, cases: Array, first: Array, later: Array, xp: Namespace = NUMPY
) -> Array:
    """People alive at each year's end whom the source does not know, presentations of the flow together.

    Where registration takes time and hazards of death fall with time since diagnosis they are, in a steady state, a
    smaller share of the living than of the diagnosed: completeness among the living exceeds completeness at diagnosis.

    Parameters
    ----------
    cases : array, shape (..., presentation, n_areas, n_years)
    first, later : arrays
        Survival at the nodes, see `flows_of`.

    Returns
    -------
    array, shape (..., n_areas, n_years)
    """
    n_years = int(cases.shape[-1])
    missing = alive_on_grid(flows_of(flow, p, first, later, n_years, xp).missing, n_years)
    return sum(cases[..., k, :, :] @ missing[..., k, :, :] for k in map(PRESENTATIONS.index, flow.presentations))
