"""Draws by age: at diagnosis, and attained; expected and realised, so that ages sum to the total in every draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.lexis import living_inside_year
from sbc_prevalence.model.age_inputs import on_grid
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.prevalence.index_date import AliveInside

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class AgeDraws:
    """Draws by age band; axes n, area, band, presentation, reported year (no year on an index date inside one).

    Parameters
    ----------
    bands : tuple of str
    newly_diagnosed : array
        Expected, by age at diagnosis.
    attained, at_diagnosis : arrays
        Expected living at the year's end, by attained age and by age at diagnosis.
    newly_diagnosed_rep, attained_rep, at_diagnosis_rep : int arrays
        Realised: the realised people of each area, presentation and year, divided at random over the ages.
    attained_on, at_diagnosis_on, attained_on_rep, at_diagnosis_on_rep : arrays, or None
        On an index date inside a year.
    """

    bands: tuple[str, ...]
    newly_diagnosed: Floats
    attained: Floats
    at_diagnosis: Floats
    newly_diagnosed_rep: Counts
    attained_rep: Counts
    at_diagnosis_rep: Counts
    attained_on: Floats | None = None
    at_diagnosis_on: Floats | None = None
    attained_on_rep: Counts | None = None
    at_diagnosis_on_rep: Counts | None = None

    @classmethod
    def empty(cls, bands: tuple[str, ...], n: int, n_areas: int, n_reported: int, *, inside: bool) -> "AgeDraws":
        """Arrays to be filled."""
        shape = (n, n_areas, len(bands), 2, n_reported)
        on = shape[:-1]
        return cls(
            bands, np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape, np.int32),
            np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(on) if inside else None,
            np.empty(on) if inside else None, np.empty(on, np.int32) if inside else None,
            np.empty(on, np.int32) if inside else None)

    def fill(
        self,
        here: slice,
        latent: Mapping[str, Floats],
        inputs: ModelInputs,
        window: slice,
        counts: Mapping[str, NDArray[np.int64]],
        inside: AliveInside | None,
        fraction: float,
        streams: Sequence[np.random.Generator],
    ) -> None:
        """Fill some draws.

        Parameters
        ----------
        here : slice
            Place of the draws.
        latent : mapping
            Of `PrevalenceModel.latent`.
        inputs : ModelInputs
        window : slice
            Reported years on the grid.
        counts : mapping
            Realised ``newly_diagnosed`` and ``living`` (n, presentation, area, n_reported), and ``living_at``
            (n, presentation, area) where the index date lies inside a year.
        inside : AliveInside or None
            Shares by presentation and band on the index date.
        fraction : float
        streams : five numpy.random.Generator
            One for each division, so that the size of the chunks of draws changes nothing.
        """
        cases, mix, alive = latent["incidence"], latent["age_mix"], latent["alive_by_age"]
        newly = cases[:, :, :, None, window] * mix[:, :, None, :, window]
        weighted = mix[..., None] * alive[..., window]
        people = [_living(cases, weighted), _living(cases, _attained(weighted, inputs, window))]
        for expected, realised, values, word, rng in (
                (self.newly_diagnosed, self.newly_diagnosed_rep, newly, "newly_diagnosed", streams[0]),
                (self.at_diagnosis, self.at_diagnosis_rep, people[0], "living", streams[1]),
                (self.attained, self.attained_rep, people[1], "living", streams[2])):
            expected[here] = np.transpose(values, (0, 2, 3, 1, 4))
            split = _divided(counts[word], np.moveaxis(values, 3, -1), rng)
            realised[here] = np.transpose(split, (0, 2, 4, 1, 3))
        if inside is None or self.attained_on is None or self.at_diagnosis_on is None:
            return
        for expected_on, realised_on, values, rng in (
                (self.at_diagnosis_on, self.at_diagnosis_on_rep, _on_date(cases, mix, inside, inputs, None), streams[3]),
                (self.attained_on, self.attained_on_rep, _on_date(cases, mix, inside, inputs, fraction), streams[4])):
            expected_on[here] = np.transpose(values, (0, 2, 3, 1))
            assert realised_on is not None
            realised_on[here] = np.transpose(_divided(counts["living_at"], values, rng), (0, 2, 3, 1))


def _living(cases: Floats, weighted: Floats) -> Floats:
    """Living by area and band, shape (n, presentation, area, band, year), from shares by band, diagnosis year, year."""
    return np.moveaxis(cases[:, :, None] @ weighted, 2, 3)


def _attained(weighted: Floats, inputs: ModelInputs, window: slice) -> Floats:
    """Shares by attained band from shares by band at diagnosis, both (n, presentation, band, diagnosis year, year)."""
    assert inputs.ages is not None
    n = inputs.ages.bands.size
    at = on_grid(inputs.ages.living_at()).reshape(2, n, n, inputs.n_years, inputs.n_years)[..., window]
    return np.asarray(np.einsum("nkast,kabst->nkbst", weighted, at))


def _on_date(
    cases: Floats, mix: Floats, inside: AliveInside, inputs: ModelInputs, fraction: float | None
) -> Floats:
    """Living on an index date, shape (n, presentation, area, band); by attained band where a fraction is given."""
    assert inputs.ages is not None
    early, late = mix * inside.early, mix * inside.late
    if fraction is not None:
        t = inside.year_index
        m = np.maximum(t - np.arange(inputs.n_years), 0)
        shares = living_inside_year(inputs.ages.after, fraction)
        early, late = (np.einsum("nkas,kasb->nkbs", part, share[:, :, m]) for part, share in
                       zip((early, late), shares, strict=True))
    return np.asarray(np.einsum("nkrs,nkbs->nkrb", cases, early + late))


def _divided(people: NDArray[np.int64], expected: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Whole people divided at random in proportion to what is expected on the last axis."""
    total = expected.sum(-1, keepdims=True)
    shares = np.divide(expected, total, out=np.full(expected.shape, 1.0 / expected.shape[-1]), where=total > 0)
    return rng.multinomial(people, shares / shares.sum(-1, keepdims=True))
