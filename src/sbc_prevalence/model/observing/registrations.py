"""Registrations of metastatic disease, thinned by completeness."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.ages import AGE, placed_bands
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
    AgeBands,
    StudyGrid,
    year_fraction,
)
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.likelihood import dispersion_size, row_loglik
from sbc_prevalence.model.observation import Arrays, Floats, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing import grouped_codes
from sbc_prevalence.model.observing.audits import lay_out_audits
from sbc_prevalence.model.observing.counts import count_rows, padded, simulated_counts
from sbc_prevalence.model.observing.of_sources import LabelledSource, SourceObservation, rows_of_areas
from sbc_prevalence.model.observing.regimes import centred_areas, is_surveyed
from sbc_prevalence.model.observing.validation_sample import lay_out_samples
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


NEARLY_FLAT = (0.0, 1.5, "Nearly flat; an audit, a validation sample or cases found at death inform it.")


@dataclass(frozen=True)
class RegisteredCounts(SourceObservation):
    """Registrations of one source by level and year; the name of the source is ``name``.

    Parameters
    ----------
    presentations : tuple of str
        Presentations that the counts hold together.
    extra_by_area : bool
        Whether areas differ in how unevenly they record.
    at_areas : bool
        Whether all rows are of modelled areas: then nothing is summed over areas.
    """

    presentations: tuple[str, ...] = PRESENTATIONS
    extra_by_area: bool = False
    at_areas: bool = False
    words: ClassVar[str] = "registrations of metastatic disease"

    @property
    def source_names(self) -> tuple[str, ...]:
        return (self.name,)

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Spread of recording beyond Poisson, shared by all sources; by area if asked for."""
        return [EXTRA_SD, *(extra_priors(inputs.n_areas) if self._differs(inputs) else [])]

    def _differs(self, inputs: "ModelInputs") -> bool:
        return self.extra_by_area and inputs.sits_below_whole

    def expected(self, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Expected registrations of each row, shape (..., n_rows).

        Under a model with ages the rows are by age at diagnosis (``{name}_age``; the number of bands stands for all).
        """
        a, chosen = inputs.arrays, [PRESENTATIONS.index(k) for k in self.presentations]
        if f"{self.name}_age" in a:
            everybody = xp.ones_like(seen["age_mix"][..., :1, :])
            shares = xp.concatenate([seen["age_mix"], everybody], axis=-2)
            year = a[f"{self.name}_year"]
            rows = sum(self._of_rows([k], seen, inputs) * shares[..., k, a[f"{self.name}_age"], year] for k in chosen)
        else:
            rows = self._of_rows(chosen, seen, inputs)
        return rows * seen["arrived"][self.name] if self.name in seen["arrived"] else rows

    def _of_rows(self, chosen: list[int], seen: Seen, inputs: "ModelInputs") -> Array:
        """Expected registrations of some presentations in the level and year of each row, ages together."""
        a = inputs.arrays
        c, level = seen["completeness"][self.name], a[f"{self.name}_level"]
        if "area_incidence" not in seen:
            cases = c[..., 0, :][..., None, :] * sum(seen["incidence"][..., k, :, :] for k in chosen)
        else:
            cases = c * sum(seen["area_incidence"][..., k, :, :] for k in chosen)
            if self.at_areas:
                level = a[f"{self.name}_area"]
            else:
                cases = inputs.levels @ cases
        return cases[..., level, a[f"{self.name}_year"]]

    def extra_sd(self, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Extra coefficient of variation of each row, shape (..., n_rows), or (..., 1) where all are alike.

        Rows of several areas together have that of a typical area.
        """
        shared = p[EXTRA_SD.name][..., None]
        if not self._differs(inputs):
            return shared
        place = p[EXTRA_AREA] @ inputs.arrays[f"{self.name}_of_area"].T
        return shared * xp.exp(p[EXTRA_SPREAD][..., None] * place)

    def rows(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Negative binomial around completeness x incidence."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(self.extra_sd(p, inputs, xp))
        found = row_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], self.expected(seen, inputs, xp), size, xp)
        return a[f"{name}_weight"] * found

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """True cases thinned by completeness, unevenly recorded."""
        mean, extra = self.expected(seen, inputs), self.extra_sd(p, inputs)
        return simulated_counts(self.name, mean, extra, inputs, stream(self.name))


EXTRA_SPREAD, EXTRA_AREA = "registrations_extra_spread", "registrations_extra_area"
EXTRA_SD = Prior(
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


def extra_priors(n_areas: int) -> list[Prior]:
    """Priors of how areas differ in the unevenness of recording."""
    return [
        Prior(
            EXTRA_SPREAD,
            "tau_y",
            "sd between areas of the log of psi_y",
            "half_normal",
            0.0,
            0.5,
            "log",
            None,
            "Some places record steadily and others in bursts, by a factor of two or so.",
            group="completeness",
        ),
        Prior(
            EXTRA_AREA,
            "v_yr",
            "log psi_y of an area against a typical one",
            "normal",
            0.0,
            1.0,
            "tau_y",
            "definition",
            "Exchangeable over areas.",
            shape=(n_areas,),
            dims=("area",),
            group="completeness",
        ),
    ]


def lay_out(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...], bands: AgeBands | None = None
) -> tuple[list[Observation], list[CompletenessSource], Arrays]:
    """Registrations and grouped codes by source and presentation, their audits, and what is believed of each.

    With `bands`, those of the model, registrations are by age at diagnosis where their table is.
    """
    counted: list[RegisteredCounts] = []
    arrays: Arrays = {}
    labelled: list[LabelledSource] = []
    beliefs: dict[str, Any] = {}
    membership = grid.areas.membership(codes)
    for piece in bundle.by_kind("registrations"):
        steps = tuple(step.year for step in piece.steps)
        frame, keys = piece.frame, [AREA_CODE, YEAR]
        if bands is not None:
            frame, keys = frame.assign(**{AGE: placed_bands(piece, bands).to_numpy()}), [*keys, AGE]
        for presentation, rows in frame.groupby("presentation"):
            label = one_word(f"{piece.name}_{presentation}")
            kinds = PRESENTATIONS if presentation == ALL else (str(presentation),)
            summed = rows.groupby(keys, as_index=False)[[COUNT_LOWER, COUNT_UPPER]].sum()
            summed = summed[(summed[YEAR] >= grid.first_year) & (summed[YEAR] <= grid.last_year)]
            source = CompletenessSource(label, kinds, None, *NEARLY_FLAT, steps, **loss_of(piece.lost))
            found = LabelledSource(source, piece.called, piece.provenance.source, str(presentation))
            labelled.append(replace(found, source=replace(source, surveyed=is_surveyed(found, bundle))))
            beliefs[label] = piece.completeness
            counts = count_rows(label, summed, codes, grid)
            at_areas = len(codes) > 1 and bool(summed[AREA_CODE].isin(grid.areas.codes).all())
            counted.append(RegisteredCounts(label, kinds, piece.extra_variation == "by_area", at_areas))
            arrays |= counts | rows_of_areas(label, counts[f"{label}_level"], membership)
            arrays[f"{label}_as_of"] = extraction(rows, summed, arrays[f"{label}_year"].size)
    grouped, grouped_sources, grouped_arrays = grouped_codes.lay_out(bundle, grid, codes)
    labelled += [found for found, _ in grouped_sources]
    beliefs |= {found.source.name: belief for found, belief in grouped_sources}
    audits, audit_arrays = lay_out_audits(bundle, grid, codes, labelled)
    samples, sample_arrays = lay_out_samples(bundle, grid, codes, labelled)
    anchored = {name for piece in (*audits, *samples) for name in piece.source_names}
    for piece in bundle.by_kind("death_certificate_cases"):
        for presentation in set(piece.frame[PRESENTATION]):
            anchored |= {one_word(f"{owner}_{kind}") for owner, kind in owned(bundle.pieces, piece, presentation)}
    for found in labelled:
        if found.source.surveyed:
            arrays |= centred_areas(found.source.name, arrays, bundle, grid)
    sources = [believed(s.source, beliefs[s.source.name], s.source.name in anchored) for s in labelled]
    arrays |= grouped_arrays | audit_arrays | sample_arrays
    return [*counted, *grouped, *audits, *samples], sources, arrays


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
    if source.surveyed:
        return replace(source, reason="By reporting regime, as the survey of areas says.")
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
            "completeness must have a prior, an audit or a survey: counts alone cannot tell it from incidence",
            "Give 'completeness' with the registrations, an audit of the source, or a survey of regimes.",
        )
    )
