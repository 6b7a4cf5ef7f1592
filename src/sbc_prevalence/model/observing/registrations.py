"""Registrations of metastatic disease, thinned by completeness, and audits of a source."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AREA_CODE, COUNT_LOWER, COUNT_UPPER, PRESENTATIONS, YEAR, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.likelihood import binomial_loglik, count_loglik, dispersion_size
from sbc_prevalence.model.observation import Arrays, Observation, Parameters, Seen, Stream
from sbc_prevalence.model.observing.counts import count_rows, simulated_counts
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class RegisteredCounts(Observation):
    """Registrations of one source by level and year; the name of the source is ``name``.

    Parameters
    ----------
    presentations : tuple of str
        Presentations that the counts hold together.
    """

    presentations: tuple[str, ...] = PRESENTATIONS
    words: ClassVar[str] = "registrations of metastatic disease"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Spread of recording beyond Poisson, shared by all sources."""
        return [
            Prior(
                "registrations_extra_sd",
                "psi_y",
                "extra-Poisson coefficient of variation of registrations, in recording",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Small boards record unevenly from year to year.",
                group="completeness",
            )
        ]

    def expected(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """Expected registrations of each row, shape (..., n_rows)."""
        a, chosen = inputs.arrays, [PRESENTATIONS.index(k) for k in self.presentations]
        c = seen["completeness"][self.name]
        if "area_incidence" in seen:
            cases = inputs.levels @ (c[..., :, None] * sum(seen["area_incidence"][..., k, :, :] for k in chosen))
        else:
            cases = c[..., :1, None] * sum(seen["incidence"][..., k, :, :] for k in chosen)
        return cases[..., a[f"{self.name}_level"], a[f"{self.name}_year"]]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial around completeness x incidence."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["registrations_extra_sd"])
        rows = count_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], self.expected(seen, inputs), size, xp)
        return {name: (a[f"{name}_weight"] * rows).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """True cases thinned by completeness, unevenly recorded."""
        mean = self.expected(seen, inputs)
        return simulated_counts(self.name, mean, p["registrations_extra_sd"], inputs, stream(self.name))


@dataclass(frozen=True)
class AuditedSource(Observation):
    """Known cases, found without a source, that the source had: found of known, by level.

    Parameters
    ----------
    source : str
        Name of the audited source.
    """

    source: str = ""

    def _completeness(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """Completeness of the source in the level of each row, shape (..., n_rows)."""
        c, level = seen["completeness"][self.source], inputs.arrays[f"{self.name}_level"]
        weights = inputs.levels / inputs.levels.sum(-1, keepdims=True)
        return (c[..., None, :] * weights).sum(-1)[..., level]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Binomial with the completeness of the source."""
        a, name = inputs.arrays, self.name
        c = self._completeness(seen, inputs)
        return {name: binomial_loglik(a[f"{name}_found"], a[f"{name}_known"], c, xp).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Each known case is found with the probability of completeness."""
        known = np.asarray(inputs.arrays[f"{self.name}_known"], dtype=np.int64)
        found = stream(self.name).binomial(known, np.clip(self._completeness(seen, inputs), 0.0, 1.0))
        return {f"{self.name}_found": found.astype(float)}


def lay_out(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...]
) -> tuple[list[Observation], list[CompletenessSource], Arrays]:
    """Registrations by source and presentation, their audits, and what is believed of their completeness."""
    found: list[Observation] = []
    sources: list[CompletenessSource] = []
    arrays: Arrays = {}
    audits = [piece.frame for piece in bundle.by_kind("completeness_audit")]
    audit = pd.concat(audits, ignore_index=True) if audits else None
    for piece in bundle.by_kind("registrations"):
        for presentation, rows in piece.frame.groupby("presentation"):
            label = f"{piece.name}_{presentation}".replace(" ", "_").replace(".", "_")
            kinds = PRESENTATIONS if presentation == "all" else (str(presentation),)
            summed = rows.groupby([AREA_CODE, YEAR], as_index=False)[[COUNT_LOWER, COUNT_UPPER]].sum()
            summed = summed[(summed[YEAR] >= grid.first_year) & (summed[YEAR] <= grid.last_year)]
            known = _audit_rows(audit, piece.name, piece.provenance.source, str(presentation))
            sources.append(source_of(label, kinds, piece.completeness, known is not None))
            found.append(RegisteredCounts(label, kinds))
            arrays |= count_rows(label, summed, codes, grid)
            if known is not None:
                found.append(AuditedSource(f"{label}_audit", label))
                level = [codes.index(c) for c in known[AREA_CODE]]
                arrays[f"{label}_audit_level"] = np.array(level, dtype=np.int64)
                arrays[f"{label}_audit_found"] = known["n_found"].to_numpy(float)
                arrays[f"{label}_audit_known"] = known["n_known"].to_numpy(float)
    return found, sources, arrays


def _audit_rows(audit: pd.DataFrame | None, name: str, source: str, presentation: str) -> pd.DataFrame | None:
    if audit is None:
        return None
    chosen = audit[
        audit["source_audited"].isin([name, source]) & audit["presentation"].isin([presentation, "all"])
    ]
    return chosen if len(chosen) else None


def source_of(label: str, kinds: tuple[str, ...], prior: Any, anchored: bool) -> CompletenessSource:
    """What is believed of a source: its prior, or a nearly flat one where other evidence anchors it.

    Raises
    ------
    EvidenceError
        If there is neither.
    """
    if prior is not None and prior.kind == "known":
        return CompletenessSource(label, kinds, float(prior.value), 0.0, 0.0, "Given as known.")
    if prior is not None:
        low, mid, high = (np.log(v) - np.log1p(-v) for v in (prior.lower95, prior.median, prior.upper95))
        return CompletenessSource(
            label, kinds, None, float(mid), float((high - low) / 3.92), "Prior of the evidence."
        )
    if anchored:
        return CompletenessSource(label, kinds, None, 0.0, 1.5, "Nearly flat; its audit informs it.")
    raise EvidenceError(
        Problem(
            "E-COMPLETENESS-UNANCHORED",
            label,
            "completeness must have a prior or an audit: counts alone cannot tell it from incidence",
            "Give 'completeness' with the registrations, or an audit of the source.",
        )
    )
