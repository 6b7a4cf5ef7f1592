"""Counts of a simulated world as a publisher prints them: small ones hidden, others hidden beside them, or rounded."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.likelihood import OUTSIDE
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.simulate import World, deaths_as_simulated, simulate_world

Counts = NDArray[np.int64]
ROUNDED_TO = 5


@dataclass(frozen=True)
class Suppression:
    """What a publisher does to a table of counts before it leaves the building.

    Every count below ``threshold`` is printed as "<threshold". Others, chosen at random, are printed as "at least
    threshold" until ``share`` of the cells is hidden. Of what is left, a random part is rounded to the nearest 5.
    Which cells are hidden depends on counts only through what is printed of them.

    Parameters
    ----------
    share : float
        Share of the cells hidden, at least; more where more counts are small.
    threshold : int
    rounded : float
        Share of the cells shown that are rounded.
    """

    share: float = 0.3
    threshold: int = 5
    rounded: float = 0.25

    def bounds(self, counts: Counts, width: int, rng: np.random.Generator) -> tuple[Counts, Counts]:
        """What is printed of each count, as bounds.

        Parameters
        ----------
        counts : int array, shape (n_rows,)
        width : int
            Values that an interval may hold; a count of ``threshold + width`` or more is not hidden.
        rng : Generator

        Returns
        -------
        lower, upper : int arrays, shape (n_rows,)
        """
        lower, upper = counts.copy(), counts.copy()
        small = counts < self.threshold
        lower[small], upper[small] = 0, self.threshold - 1
        top = self.threshold + width - 1
        eligible = rng.permutation(np.flatnonzero(~small & (counts <= top)))
        hidden = eligible[: max(int(np.ceil(self.share * counts.size)) - int(small.sum()), 0)]
        lower[hidden], upper[hidden] = self.threshold, top
        shown = ~small
        shown[hidden] = False
        nearby = np.flatnonzero(shown & (rng.random(counts.size) < self.rounded))
        middle = (counts[nearby] + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO
        lower[nearby] = np.maximum(middle - ROUNDED_TO // 2, self.threshold)
        upper[nearby] = middle + ROUNDED_TO // 2
        return lower, upper


def suppressed_world(
    model: PrevalenceModel, inputs: ModelInputs, seed: tuple[int, ...], suppression: Suppression
) -> World:
    """A world whose counts of deaths and registrations, wherever `inputs` leaves room, are suppressed anew.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
        A source whose widest interval holds w values leaves room for intervals of w values in every row.
    seed : tuple of int
    suppression : Suppression

    Raises
    ------
    ModelError
        If no source leaves room for "<threshold".
    """
    widths = {name.removesuffix("_log_mask"): np.shape(mask)[1] for name, mask in inputs.arrays.items()
              if name.endswith("_log_mask") and np.shape(mask)[1] >= suppression.threshold}
    if not widths:
        raise ModelError("no source has an interval as wide as what would be hidden. Give one row such an interval.")
    exact = {f"{name}_log_mask": np.where(np.arange(width) == 0, 0.0, OUTSIDE)
             + np.zeros(np.shape(inputs.arrays[f"{name}_log_mask"])) for name, width in widths.items()}
    world = simulate_world(model, inputs.with_arrays(exact), seed)
    arrays = {}
    for i, (name, width) in enumerate(sorted(widths.items())):
        rng = np.random.default_rng(np.random.SeedSequence([*seed, 0x5D, i]))
        used = np.asarray(inputs.arrays[f"{name}_weight"]) > 0
        lower = np.asarray(world.inputs.arrays[f"{name}_values"])[:, 0].astype(np.int64)
        upper = lower.copy()
        lower[used], upper[used] = suppression.bounds(lower[used], width, rng)
        values = lower[:, None] + np.arange(width)
        inside = values <= upper[:, None]
        arrays[f"{name}_values"] = np.where(inside, values, lower[:, None]).astype(float)
        arrays[f"{name}_log_mask"] = np.where(inside, 0.0, OUTSIDE)
    frame = deaths_as_simulated(world.inputs.deaths_frame, arrays)
    return replace(world, inputs=replace(world.inputs.with_arrays(arrays), deaths_frame=frame))
