"""People under one code for metastatic disease and for local or regional recurrence: a share q is metastatic."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.grid import (
    ALL,
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    PRESENTATION,
    PRESENTATIONS,
    YEAR,
    StudyGrid,
)
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.likelihood import binomial_loglik, count_loglik, dispersion_size
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing.counts import count_rows, simulated_counts
from sbc_prevalence.model.observing.of_sources import LabelledSource
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

SPREAD_SD = 0.3
NEARLY_FLAT = (0.0, 1.5, "Nearly flat; its audit informs it.")
VALIDATED = ("n_validated", "n_metastatic")


@dataclass(frozen=True)
class GroupedCounts(Observation):
    """Counts of one grouped code by level and year, and its validated sample; ``name`` is that of the source.

    Parameters
    ----------
    presentations : tuple of str
        Presentations of metastatic disease that the counts hold together.
    places : tuple of str
        Codes of the levels at which the counts sit; with several the share differs between them.
    share_known : float or None
        Share of metastatic disease, where it is taken as known.
    share_center, share_sd : float
        Prior of its logit otherwise.
    reason : str
    is_validated : bool
    """

    presentations: tuple[str, ...] = PRESENTATIONS
    places: tuple[str, ...] = ()
    share_known: float | None = None
    share_center: float = 0.0
    share_sd: float = 1.5
    reason: str = ""
    is_validated: bool = False
    words: ClassVar[str] = "people under codes that hold more than metastatic disease"
    convolved_levels: ClassVar[Levels] = "none"

    @property
    def varies(self) -> bool:
        """Whether the share differs between places."""
        return len(self.places) > 1 and self.share_known is None

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Share of metastatic disease, how it differs between places, and the spread of counts."""
        fixed, name = self.share_known is not None, self.name
        found = [
            Prior(f"metastatic_share_{name}", "q_j", f"share of the people under the code {name} with metastatic disease",
                  "normal" if fixed else "logit_normal",
                  float(self.share_known) if self.share_known is not None else self.share_center,
                  0.0 if fixed else self.share_sd, "probability", None, self.reason, group="completeness")
        ]
        if self.varies:
            found += [
                Prior(f"metastatic_share_sd_{name}", "sigma_q", f"sd of the logit of the share of {name} between places",
                      "half_normal", 0.0, SPREAD_SD, "", None,
                      "Coding practice and case mix differ between places; a third either way in the odds.",
                      group="completeness"),
                Prior(f"metastatic_share_effect_{name}", "q_r", f"share of {name} in each place, in units of their sd",
                      "normal", 0.0, 1.0, "", None, "Standard normal; its sd is metastatic_share_sd.",
                      (len(self.places),), ("place",), self.places, group="completeness"),
            ]
        return [*found, _extra_prior()]

    def share(self, p: Parameters, xp: Namespace = NUMPY) -> Array:
        """Share of metastatic disease at each place, shape (..., n_places or 1)."""
        q = p[f"metastatic_share_{self.name}"][..., None]
        if not self.varies:
            return q
        shift = p[f"metastatic_share_sd_{self.name}"][..., None] * p[f"metastatic_share_effect_{self.name}"]
        return xp.sigmoid(xp.log(q) - xp.log1p(-q) + shift)

    def _row_share(self, p: Parameters, inputs: "ModelInputs", xp: Namespace) -> Array:
        q = self.share(p, xp)
        return q[..., inputs.arrays[f"{self.name}_place"]] if self.varies else q

    def expected(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Expected people under the code in each row, shape (..., n_rows)."""
        a, name = inputs.arrays, self.name
        chosen, c = [PRESENTATIONS.index(k) for k in self.presentations], seen["completeness"][name]
        if "area_incidence" in seen:
            metastatic = inputs.levels @ (c * sum(seen["area_incidence"][..., k, :, :] for k in chosen))
        else:
            metastatic = c[..., 0, :][..., None, :] * sum(seen["incidence"][..., k, :, :] for k in chosen)
        return metastatic[..., a[f"{name}_level"], a[f"{name}_year"]] / self._row_share(p, inputs, xp)

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial around completeness x incidence / share; binomial for the validated sample."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["grouped_extra_sd"])
        mean = self.expected(p, seen, inputs, xp)
        rows = count_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], mean, size, xp)
        found = {name: (a[f"{name}_weight"] * rows).sum(-1)}
        if self.is_validated:
            q = self._row_share(p, inputs, xp)
            found[f"{name} validated"] = binomial_loglik(a[f"{name}_metastatic"], a[f"{name}_validated"], q, xp).sum(-1)
        return found

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Cases and others under the code; of those validated the metastatic ones."""
        name, mean = self.name, self.expected(p, seen, inputs)
        arrays = simulated_counts(name, mean, p["grouped_extra_sd"], inputs, stream(name))
        if self.is_validated:
            of = np.asarray(inputs.arrays[f"{name}_validated"], dtype=np.int64)
            q = np.broadcast_to(self._row_share(p, inputs, NUMPY), of.shape)
            arrays[f"{name}_metastatic"] = stream(f"{name} validated").binomial(of, q).astype(float)
        return arrays


def _extra_prior() -> Prior:
    return Prior("grouped_extra_sd", "psi_g", "extra-Poisson coefficient of variation of counts under grouped codes",
                 "half_normal", 0.0, 0.10, "", None,
                 "Recording is uneven, and so is what else falls under the code.", group="completeness")


def lay_out(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...]
) -> tuple[list[Observation], list[tuple[LabelledSource, Any]], Arrays]:
    """Grouped codes by presentation, the source of each with what was said of its completeness."""
    found: list[Observation] = []
    sources: list[tuple[LabelledSource, Any]] = []
    arrays: Arrays = {}
    for piece in bundle.by_kind("grouped_codes"):
        for presentation, rows in piece.frame.groupby(PRESENTATION):
            name = one_word(f"{piece.name}_{presentation}")
            kinds = PRESENTATIONS if presentation == ALL else (str(presentation),)
            rows = rows[(rows[YEAR] >= grid.first_year) & (rows[YEAR] <= grid.last_year)]
            places = tuple(code for code in codes if code in set(rows[AREA_CODE]))
            observed = GroupedCounts(
                name, kinds, places, *_belief(piece.metastatic_share), is_validated=piece.is_validated)
            arrays |= _rows(observed, rows, codes, grid)
            found.append(observed)
            source = CompletenessSource(name, kinds, None, *NEARLY_FLAT)
            labelled = LabelledSource(source, piece.called, piece.provenance.source, str(presentation))
            sources.append((labelled, piece.completeness))
    return found, sources, arrays


def _rows(observed: GroupedCounts, rows: pd.DataFrame, codes: tuple[str, ...], grid: StudyGrid) -> Arrays:
    """Counts, and of them those validated and found metastatic, by area and year, ages together."""
    name = observed.name
    wanted = [COUNT_LOWER, COUNT_UPPER, *(VALIDATED if observed.is_validated else ())]
    summed = rows.fillna({word: 0 for word in VALIDATED}).groupby([AREA_CODE, YEAR], as_index=False)[wanted].sum()
    arrays = count_rows(name, summed, codes, grid)
    spare = np.zeros(len(arrays[f"{name}_level"]) - len(summed))
    if observed.varies:
        place = summed[AREA_CODE].map({code: i for i, code in enumerate(observed.places)})
        arrays[f"{name}_place"] = np.concatenate([place, spare]).astype(np.int64)
    if observed.is_validated:
        of, metastatic = (np.concatenate([summed[word].to_numpy(float), spare]) for word in VALIDATED)
        arrays |= {f"{name}_validated": of, f"{name}_metastatic": metastatic}
    return arrays


def _belief(prior: Any) -> tuple[float | None, float, float, str]:
    """Known share, or centre and spread of its logit, and why."""
    if prior is None:
        return None, 0.0, 1.5, "Nearly flat; the validated sample informs it."
    reason = prior.source or "Stated with the evidence."
    if prior.kind == "known":
        return float(prior.value), 0.0, 0.0, reason
    low, mid, high = (np.log(v) - np.log1p(-v) for v in (prior.lower95, prior.median, prior.upper95))
    return None, float(mid), float((high - low) / 3.92), reason
