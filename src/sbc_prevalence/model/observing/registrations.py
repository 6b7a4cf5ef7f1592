"""Registrations of metastatic disease, thinned by completeness."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.belonging import owned
from sbc_prevalence.grid import (
    ALL,
    AREA_CODE,
    AS_OF,
    COUNT_LOWER,
    COUNT_UPPER,
    PRESENTATION,
    PRESENTATIONS,
    YEAR,
    StudyGrid,
    year_fraction,
)
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.likelihood import count_loglik, dispersion_size
from sbc_prevalence.model.observation import (
    Arrays,
    Floats,
    Levels,
    Observation,
    Parameters,
    Seen,
    Stream,
    one_word,
)
from sbc_prevalence.model.observing.audits import LabelledSource, lay_out_audits
from sbc_prevalence.model.observing.counts import count_rows, padded, simulated_counts
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


NEARLY_FLAT = (0.0, 1.5, "Nearly flat; an audit or cases found at death inform it.")


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
    convolved_levels: ClassVar[Levels] = "none"

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
            cases = inputs.levels @ (c * sum(seen["area_incidence"][..., k, :, :] for k in chosen))
        else:
            cases = c[..., 0, :][..., None, :] * sum(seen["incidence"][..., k, :, :] for k in chosen)
        rows = cases[..., a[f"{self.name}_level"], a[f"{self.name}_year"]]
        return rows * seen["arrived"][self.name] if self.name in seen["arrived"] else rows

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


def lay_out(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...]
) -> tuple[list[Observation], list[CompletenessSource], Arrays]:
    """Registrations by source and presentation, their audits, and what is believed of their completeness."""
    counted: list[RegisteredCounts] = []
    arrays: Arrays = {}
    labelled: list[LabelledSource] = []
    beliefs: dict[str, Any] = {}
    for piece in bundle.by_kind("registrations"):
        for presentation, rows in piece.frame.groupby("presentation"):
            label = one_word(f"{piece.name}_{presentation}")
            kinds = PRESENTATIONS if presentation == ALL else (str(presentation),)
            summed = rows.groupby([AREA_CODE, YEAR], as_index=False)[[COUNT_LOWER, COUNT_UPPER]].sum()
            summed = summed[(summed[YEAR] >= grid.first_year) & (summed[YEAR] <= grid.last_year)]
            source = CompletenessSource(label, kinds, None, *NEARLY_FLAT, **loss_of(piece.lost))
            labelled.append(LabelledSource(source, piece.name, piece.provenance.source, str(presentation)))
            beliefs[label] = piece.completeness
            counted.append(RegisteredCounts(label, kinds))
            arrays |= count_rows(label, summed, codes, grid)
            arrays[f"{label}_as_of"] = extraction(rows, summed, arrays[f"{label}_year"].size)
    audits, audit_arrays = lay_out_audits(bundle, grid, codes, labelled)
    anchored = {name for audit in audits for name in audit.sources}
    for piece in bundle.by_kind("death_certificate_cases"):
        for presentation in set(piece.frame[PRESENTATION]):
            anchored |= {one_word(f"{owner}_{kind}") for owner, kind in owned(bundle.pieces, piece, presentation)}
    sources = [believed(s.source, beliefs[s.source.name], s.source.name in anchored) for s in labelled]
    return [*counted, *audits], sources, arrays | audit_arrays


def extraction(rows: pd.DataFrame, summed: pd.DataFrame, n: int) -> Floats:
    """Date of extraction of each row of summed counts as a decimal year, padded to n rows."""
    latest = rows.groupby([AREA_CODE, YEAR])[AS_OF].max()
    dates = latest.loc[list(zip(summed[AREA_CODE], summed[YEAR], strict=True))]
    return padded(np.array([sum(year_fraction(date.fromisoformat(text))) for text in dates], dtype=float), n)


def loss_of(lost: Any) -> dict[str, Any]:
    """Fields of a source that say how its registered people are lost to follow-up; none where it is not stated."""
    if lost is None:
        return {}
    center, sd = lost.on_normal_scale
    return {"loss_kind": lost.kind, "loss_center": center, "loss_sd": sd}


def believed(source: CompletenessSource, prior: Any, anchored: bool) -> CompletenessSource:
    """A source with its prior, or a nearly flat one where other evidence anchors it.

    Raises
    ------
    EvidenceError
        If there is neither.
    """
    if prior is not None and prior.kind == "known":
        return replace(source, known=float(prior.value), logit_center=0.0, logit_sd=0.0, reason="Given as known.")
    if prior is not None:
        low, mid, high = (np.log(v) - np.log1p(-v) for v in (prior.lower95, prior.median, prior.upper95))
        return replace(source, logit_center=float(mid), logit_sd=float((high - low) / 3.92),
                       reason="Prior of the evidence.")
    if anchored:
        return source
    raise EvidenceError(
        Problem(
            "E-COMPLETENESS-UNANCHORED",
            source.name,
            "completeness must have a prior or an audit: counts alone cannot tell it from incidence",
            "Give 'completeness' with the registrations, or an audit of the source.",
        )
    )
