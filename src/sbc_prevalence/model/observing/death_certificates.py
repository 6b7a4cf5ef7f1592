"""Cases found at death: how a source came to know of people, given how many it came to know of."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sbc_prevalence.evidence.belonging import owned
from sbc_prevalence.evidence.death_certificates import WAYS
from sbc_prevalence.grid import ALL, AREA_CODE, PRESENTATION, PRESENTATIONS, YEAR, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.flow import RegistrationFlow, tent_weights
from sbc_prevalence.model.likelihood import dirichlet_multinomial_loglik, dispersion_size
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing.counts import ROW_BLOCK, padded
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class CertificateCases(Observation):
    """Registered in life, death-initiated, certificate-only, by level and year; the flow has the same name.

    Parameters
    ----------
    presentations : tuple of str
        Presentations that the counts hold together.
    """

    presentations: tuple[str, ...] = PRESENTATIONS
    title: ClassVar[str] = "cases found at death"
    convolved_levels: ClassVar[Levels] = "none"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Spread of the shares beyond chance, shared by all tables."""
        return [
            Prior(
                "certificate_extra_sd",
                "psi_c",
                "extra spread of the shares found in life and at death, in units of sqrt(p (1 - p))",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Certificates are coded and traced unevenly over years and areas.",
                group="completeness",
            )
        ]

    def shares(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Expected shares of the three ways of becoming known, shape (..., n_rows, 3)."""
        a, name = inputs.arrays, self.name
        level, year = a[f"{name}_level"], a[f"{name}_year"]
        registered, dead = seen["flows"][name]
        chosen = [PRESENTATIONS.index(k) for k in self.presentations]
        cases = [seen["incidence"][..., k, :, :] for k in chosen]
        in_life, unregistered = (
            sum(c @ flow[..., k, :, :] for c, k in zip(cases, chosen, strict=True))[..., level, year]
            for flow in (registered, dead))
        found = p[f"mention_{name}"][..., None] * unregistered
        traced = p[f"trace_back_{name}"][..., None]
        ways = xp.stack([in_life, traced * found, (1.0 - traced) * found], axis=-1)
        return ways / ways.sum(-1)[..., None]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Dirichlet-multinomial given the number that became known: it says nothing of how many there are."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["certificate_extra_sd"])[..., None]
        rows = dirichlet_multinomial_loglik(a[f"{name}_counts"], self.shares(p, seen, inputs, xp), size, xp)
        return {name: (a[f"{name}_weight"] * rows).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """As many as became known in each row, divided anew over the three ways."""
        rng, name = stream(self.name), self.name
        size = dispersion_size(p["certificate_extra_sd"])
        shares = np.maximum(np.asarray(self.shares(p, seen, inputs)), 1e-12)
        gammas = np.maximum(rng.standard_gamma(shares * size), 1e-300)
        drawn = rng.multinomial(
            np.asarray(inputs.arrays[f"{name}_counts"]).sum(-1).astype(np.int64), gammas / gammas.sum(-1, keepdims=True))
        return {f"{name}_counts": drawn.astype(float)}


def lay_out(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...], arrays: Arrays, sources: list[CompletenessSource]
) -> tuple[list[Observation], list[RegistrationFlow], Arrays]:
    """Cases found at death, the flows behind them, and what dates the registrations that these belong to.

    Parameters
    ----------
    arrays : mapping
        Those of the registrations, with ``{label}_as_of`` and ``{label}_year``.
    sources : list of CompletenessSource
        What is believed of the completeness of each source of registrations.
    """
    found: list[Observation] = []
    flows: list[RegistrationFlow] = []
    made: Arrays = {}
    believed = {source.name: source for source in sources}
    for piece in bundle.by_kind("death_certificate_cases"):
        for presentation, rows in piece.totals().groupby(PRESENTATION):
            name = one_word(f"{piece.name}_{presentation}")
            kinds = PRESENTATIONS if presentation == ALL else (str(presentation),)
            labels = tuple(one_word(f"{owner}_{kind}") for owner, kind in owned(bundle.pieces, piece, str(presentation)))
            first = believed[labels[0]]
            flows.append(RegistrationFlow(
                name, kinds, labels, piece.registrations_hold == "all", first.logit_center, first.logit_sd,
                *_mention(piece.mention), first.reason))
            rows = rows[(rows[YEAR] >= grid.first_year) & (rows[YEAR] <= grid.last_year)]
            n = max(int(np.ceil(len(rows) / ROW_BLOCK)), 1) * ROW_BLOCK
            made |= {
                f"{name}_level": padded(np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64), n),
                f"{name}_year": padded(rows[YEAR].to_numpy(np.int64) - grid.first_year, n),
                f"{name}_counts": padded(rows[list(WAYS)].to_numpy(float), n),
                f"{name}_weight": np.concatenate([np.ones(len(rows)), np.zeros(n - len(rows))]),
            }
            for label in labels:
                since = np.asarray(arrays[f"{label}_as_of"]) - (grid.first_year + np.asarray(arrays[f"{label}_year"]))
                made |= {f"{label}_{word}": value for word, value in tent_weights(since, grid.years.size).items()}
            found.append(CertificateCases(name, kinds))
    return found, flows, made


def _mention(prior: Any) -> tuple[float | None, float, float]:
    """Known value, or centre and spread on the logit."""
    if prior.kind == "known":
        return float(prior.value), 0.0, 0.0
    low, mid, high = (np.log(v) - np.log1p(-v) for v in (prior.lower95, prior.median, prior.upper95))
    return None, float(mid), float((high - low) / 3.92)
