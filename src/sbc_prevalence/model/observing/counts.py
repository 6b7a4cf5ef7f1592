"""Rows of counts: laid out, padded to whole blocks, drawn anew in the form in which they are published."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.ages import AGE
from sbc_prevalence.grid import AREA_CODE, COUNT_LOWER, COUNT_UPPER, YEAR, StudyGrid
from sbc_prevalence.model.likelihood import LARGEST_INTERVAL, dispersion_size, interval_support
from sbc_prevalence.model.observation import Arrays, Floats

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

ROW_BLOCK = 32


def padded(values: np.ndarray, n: int) -> np.ndarray:
    """Values with the first repeated up to a length of n."""
    return np.concatenate([values, np.repeat(values[:1], n - values.shape[0], axis=0)])


def count_rows(name: str, rows: pd.DataFrame, codes: tuple[str, ...], grid: StudyGrid) -> Arrays:
    """Rows of counts by level and year (and age), padded to whole blocks so that another year's rows keep the shape."""
    lower, upper = rows[COUNT_LOWER].to_numpy(np.int64), rows[COUNT_UPPER].to_numpy(np.int64)
    if np.any(upper - lower > LARGEST_INTERVAL):
        raise EvidenceError(
            Problem(
                "E-INTERVAL-WIDE",
                name,
                f"an interval must not span more than {LARGEST_INTERVAL} persons",
                "Give a narrower interval or leave the row out.",
                column=COUNT_UPPER,
            )
        )
    n = int(np.ceil(len(rows) / ROW_BLOCK)) * ROW_BLOCK
    values, mask = interval_support(lower, upper)
    ages = {f"{name}_age": padded(rows[AGE].to_numpy(np.int64), n)} if AGE in rows else {}
    return {
        **ages,
        f"{name}_level": padded(np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64), n),
        f"{name}_year": padded(rows[YEAR].to_numpy(np.int64) - grid.first_year, n),
        f"{name}_values": padded(values, n),
        f"{name}_log_mask": padded(mask, n),
        f"{name}_weight": np.concatenate([np.ones(len(rows)), np.zeros(n - len(rows))]),
    }


def simulated_counts(
    name: str, mean: Floats, extra_sd: Floats, inputs: "ModelInputs", rng: np.random.Generator
) -> Arrays:
    """Counts of one source, negative binomial, in the form in which it publishes them.

    A count that the study knows only as an interval of some width is published so again: the numbers are parted
    into intervals of that width, starting at 0, and the one that holds the count is given.
    """
    size = dispersion_size(extra_sd)
    mean = np.maximum(mean, 0.0)
    return published_as(name, rng.negative_binomial(size, size / (size + mean)), inputs)


def published_as(name: str, counts: np.ndarray, inputs: "ModelInputs") -> Arrays:
    """Counts as values or intervals, as the source publishes them."""
    inside = np.asarray(inputs.arrays[f"{name}_log_mask"]) == 0.0
    width = inside.sum(-1)
    lower = counts // width * width
    return {
        f"{name}_values": np.where(inside, lower[:, None] + np.arange(inside.shape[1]), lower[:, None]).astype(float)
    }
