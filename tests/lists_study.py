"""The small study with lists that overlap and with a grouped code."""

from functools import cache

import numpy as np
import pandas as pd

from sbc_prevalence.evidence import (
    CompletenessPrior,
    DependencePrior,
    EvidenceBundle,
    GroupedCodes,
    OverlappingLists,
)
from sbc_prevalence.kernels.capture_histories import effect_design, histories
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from small_study import bundle, grid_of

ORIGIN = {"as_of": "2024-12-31"}
NAMES = ("registry", "waits", "pathology", "hospital", "deaths")
SIZES = (1.0, 1.7, 1.3)
STATED = DependencePrior(2.0, 0.5, 8.0, "made up")


def words_of(n_lists: int) -> list[str]:
    """Histories of people on at least one list."""
    return ["".join(map(str, row)) for row in histories(n_lists)[1:]]


def lists_frame(n_lists: int, years: range = range(2012, 2016), people: int = 200, areas: str = "ABC") -> pd.DataFrame:
    """Counts near those of independent lists that each find about six in ten."""
    eta = effect_design(n_lists)[:, :n_lists].sum(1) * 0.4
    share = np.exp(eta) / np.exp(eta).sum()
    return pd.DataFrame([
        (area, year, word, int(people * SIZES[i] * p) + (year + 3 * i) % 3)
        for i, area in enumerate(areas) for year in years
        for word, p in zip(words_of(n_lists), share[1:], strict=True)],
        columns=["area_code", "year", "history", "count"])


def overlapping(n_lists: int, **options) -> OverlappingLists:
    """Evidence on overlapping lists of the three areas."""
    stated = {"dependence": STATED} if n_lists == 2 else {}
    return OverlappingLists.from_frame(
        lists_frame(n_lists), name=f"pilot {n_lists}", source="a linkage", lists=NAMES[:n_lists],
        **{**ORIGIN, **stated, **options})


def grouped_frame(*, validated: bool = True, areas: str = "ABC", years: range = range(2010, 2019)) -> pd.DataFrame:
    """Counts of recurrences of any kind, a sample of some of them validated."""
    rows = [(area, year, "recurrent", int(60 * SIZES[i]) + (3 * year) % 7, 20 if year == 2016 else None,
             13 + i if year == 2016 else None) for i, area in enumerate(areas) for year in years]
    frame = pd.DataFrame(rows, columns=["area_code", "year", "presentation", "count", "n_validated", "n_metastatic"])
    return frame if validated else frame.drop(columns=["n_validated", "n_metastatic"])


def grouped(*, validated: bool = True, **options) -> GroupedCodes:
    """Evidence on a grouped code."""
    stated = {} if validated else {"metastatic_share": CompletenessPrior("logit_normal", None, 0.7, 0.5, 0.85)}
    return GroupedCodes.from_frame(
        grouped_frame(validated=validated), name="codes", source="a register of codes", window_days=120,
        completeness=CompletenessPrior("logit_normal", None, 0.8, 0.6, 0.92), **{**ORIGIN, **stated, **options})


@cache
def lists_inputs(*kinds: str) -> ModelInputs:
    """Arrays of the small study with further pieces: "2" to "5" lists, "grouped", "grouped unvalidated"."""
    made = [
        grouped(validated="un" not in kind) if kind.startswith("grouped") else overlapping(int(kind))
        for kind in kinds]
    evidence = EvidenceBundle(*bundle().pieces, *made)
    return lay_out(evidence, grid_of(evidence))
