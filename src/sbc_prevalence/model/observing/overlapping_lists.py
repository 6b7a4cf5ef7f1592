"""People on several lists, by history: cells of a log-linear model that includes those on no list.

A history h of people newly diagnosed has probability pi_h, log pi_h being a sum of terms of lists and of their
dependence, normalised over all histories, the empty one too. Its count has mean I pi_h: lists that overlap inform
incidence by how much they overlap. The term of all lists together is 0, as counts cannot tell it.
"""

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.data.histories import cell_words
from sbc_prevalence.evidence.overlapping_lists import HIGHER_TERMS, LIST_LOGIT_SD, SCALE_LOG_SD, UNSTATED
from sbc_prevalence.grid import ALL, HISTORY, PRESENTATION, PRESENTATIONS, YEAR, YEAR_TO, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.capture_histories import dependence_terms, effect_design, histories
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
from sbc_prevalence.model.observing.counts import count_rows, padded, simulated_counts
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class ListedHistories(Observation):
    """Counts by history of 2 to 5 lists, by level and period. What a list finds is the same in all areas and years.

    Parameters
    ----------
    lists : tuple of str
        Names, in the order of the signs of a history.
    presentations : tuple of str
        Presentations that the counts hold together.
    dependence_center, dependence_sd : float
        Of the log odds ratio of a pair of lists; with three or more the sd is the middle of an unknown scale.
    reason : str
        What the belief in dependence rests on.
    """

    lists: tuple[str, ...] = ()
    presentations: tuple[str, ...] = PRESENTATIONS
    dependence_center: float = 0.0
    dependence_sd: float = 1.0
    reason: str = ""
    words: ClassVar[str] = "people on lists that overlap"
    convolved_levels: ClassVar[Levels] = "none"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Lists, their dependence, and the spread of counts, which all lists share."""
        return [*self._list_priors(), *self._dependence_priors(), _extra_prior()]

    def _list_priors(self) -> list[Prior]:
        return [
            Prior(
                f"list_logits_{self.name}",
                "l_j",
                f"logit of being on each list of {self.name}, midway between the states of the others",
                "normal",
                0.0,
                LIST_LOGIT_SD,
                "",
                None,
                "Wide: from hardly anybody to nearly everybody.",
                (len(self.lists),),
                ("list",),
                self.lists,
                group="completeness",
            )
        ]

    def _dependence_priors(self) -> list[Prior]:
        terms = dependence_terms(len(self.lists))
        labels = tuple(":".join(self.lists[j] for j in term) for term in terms)
        name, size, dims = f"list_dependence_{self.name}", (len(terms),), ("dependence",)
        if len(self.lists) == 2:
            meaning = f"log odds ratio of being on both lists of {self.name}; nothing but its prior informs it"
            return [Prior(name, "o_jk", meaning, "normal", self.dependence_center, self.dependence_sd, "", None,
                          self.reason, size, dims, labels, group="completeness")]
        return [
            Prior(f"list_dependence_center_{self.name}", "o", f"middle of the log odds ratios of {self.name}", "normal",
                  self.dependence_center, 0.0, "", None, self.reason, group="completeness"),
            Prior(f"list_dependence_scale_{self.name}", "sigma_o", f"sd of the log odds ratios of {self.name}",
                  "log_normal", log(self.dependence_sd), SCALE_LOG_SD, "", None, self.reason, group="completeness"),
            Prior(name, "o_jk", f"log odds ratios of pairs of lists of {self.name} about their middle, and changes of "
                  "them by a further list, in units of their sd", "normal", 0.0, 1.0, "", None,
                  "Standard normal; its sd is list_dependence_scale.", size, dims, labels, group="completeness"),
        ]

    def log_odds_ratios(self, p: Parameters, xp: Namespace = NUMPY) -> Array:
        """Terms of dependence, shape (..., n_terms), in the order of `dependence_terms`."""
        own = p[f"list_dependence_{self.name}"]
        if len(self.lists) == 2:
            return own
        sizes = np.array([len(term) for term in dependence_terms(len(self.lists))])
        scale = p[f"list_dependence_scale_{self.name}"][..., None] * HIGHER_TERMS ** (sizes - 2)
        return (sizes == 2) * p[f"list_dependence_center_{self.name}"][..., None] + scale * own

    def history_probabilities(self, p: Parameters, xp: Namespace = NUMPY) -> Array:
        """Probability of every history, that of being on no list first, shape (..., 2^n_lists)."""
        design, n = effect_design(len(self.lists)), len(self.lists)
        eta = p[f"list_logits_{self.name}"] @ design[:, :n].T + self.log_odds_ratios(p, xp) @ design[:, n:].T
        return xp.exp(eta - xp.logsumexp(eta, -1)[..., None])

    def completeness(self, p: Parameters) -> Floats:
        """Probability that a true case is on each list, and last on any of them, shape (..., n_lists + 1)."""
        pi = np.asarray(self.history_probabilities(p))
        return np.concatenate([pi @ histories(len(self.lists)), 1.0 - pi[..., :1]], axis=-1)

    def expected(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Expected people of each row, shape (..., n_rows)."""
        a, name = inputs.arrays, self.name
        cases = sum(seen["incidence"][..., PRESENTATIONS.index(k), :, :] for k in self.presentations)
        before = xp.concatenate([xp.zeros_like(cases[..., :1]), xp.cumsum(cases, -1)], axis=-1)
        level, first, last = a[f"{name}_level"], a[f"{name}_year"], a[f"{name}_year_to"]
        people = before[..., level, last + 1] - before[..., level, first]
        return people * self.history_probabilities(p, xp)[..., a[f"{name}_history"]]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial cells, independent given incidence."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["lists_extra_sd"])
        mean = self.expected(p, seen, inputs, xp)
        rows = count_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], mean, size, xp)
        return {name: (a[f"{name}_weight"] * rows).sum(-1)}

    def anchors(self, source: str) -> bool:
        """Lists inform incidence by how much they overlap."""
        return True

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """True cases sorted by history; those on no list are not published."""
        mean = self.expected(p, seen, inputs)
        return simulated_counts(self.name, mean, p["lists_extra_sd"], inputs, stream(self.name))


def _extra_prior() -> Prior:
    return Prior("lists_extra_sd", "psi_l", "extra-Poisson coefficient of variation of counts by history",
                 "half_normal", 0.0, 0.10, "", None, "Lists are kept unevenly from year to year.",
                 group="completeness")


def lay_out(bundle: Any, grid: StudyGrid, codes: tuple[str, ...]) -> tuple[list[Observation], Arrays]:
    """Overlapping lists, a piece and presentation at a time."""
    found: list[Observation] = []
    arrays: Arrays = {}
    for piece in bundle.by_kind("overlapping_lists"):
        belief, words = piece.dependence or UNSTATED, cell_words(len(piece.lists))
        for presentation, rows in piece.cells().groupby(PRESENTATION):
            label = one_word(f"{piece.name}_{presentation}")
            kinds = PRESENTATIONS if presentation == ALL else (str(presentation),)
            inside = rows[(rows[YEAR] >= grid.first_year) & (rows[YEAR_TO] <= grid.last_year)]
            found.append(ListedHistories(
                label, tuple(piece.lists), kinds, belief.center, belief.sd, belief.source or "Stated with the evidence."))
            arrays |= _rows(label, inside, words, codes, grid)
    return found, arrays


def _rows(
    name: str, rows: pd.DataFrame, words: tuple[str, ...], codes: tuple[str, ...], grid: StudyGrid
) -> Arrays:
    arrays = count_rows(name, rows, codes, grid)
    n = len(arrays[f"{name}_level"])
    position = {word: i + 1 for i, word in enumerate(words)}
    history = rows[HISTORY].map(position).to_numpy(np.int64)
    return {
        **arrays,
        f"{name}_year_to": padded(rows[YEAR_TO].to_numpy(np.int64) - grid.first_year, n),
        f"{name}_history": padded(history, n),
    }


