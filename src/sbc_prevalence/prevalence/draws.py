"""Every quantity for every draw, computed in chunks so that memory stays bounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.grid import DURATION_EDGES
from sbc_prevalence.kernels.convolution import band_matrix
from sbc_prevalence.kernels.counts import InsideYear, realise
from sbc_prevalence.model.convolving import seen_by_deaths
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.likelihood import dispersion_size
from sbc_prevalence.model.observing import expected_deaths
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.prevalence.ages import AgeDraws
from sbc_prevalence.prevalence.index_date import AliveInside, alive_inside, alive_inside_by_age

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]

UNSEEN = "from unseen primaries"
BEYOND_RECURRENCE = "beyond published recurrence follow-up"
BEYOND_SURVIVAL = "living beyond published survival follow-up"

CHUNK = 200


class FittedLike(Protocol):
    """What is read of a fit: the description, the inputs and the parameters of every draw."""

    @property
    def model(self) -> PrevalenceModel: ...
    @property
    def inputs(self) -> ModelInputs: ...
    @property
    def parameters(self) -> Mapping[str, Floats]: ...
    @property
    def sampler(self) -> Mapping[str, Any]: ...
    @property
    def gate(self) -> Any: ...
    def prior(self, n: int, seed: int) -> Mapping[str, Floats]: ...


@dataclass(frozen=True)
class QuantityDraws:
    """Draws of all quantities; the first axis holds all chains after one another.

    Parameters
    ----------
    years : int array, shape (n_reported,)
    incidence, deaths : arrays, shape (n, area, presentation, n_reported)
        Expected new diagnoses and all-cause deaths [persons / year].
    living : array, shape (n, area, presentation, n_reported, band)
        Expected living at the end of each year.
    newly_diagnosed, deaths_rep : int arrays, as `incidence`
        Realised.
    living_rep : int array, as `living`
    living_at, living_at_rep : arrays, shape (n, area, presentation, band), or None
        On an index date inside a year.
    kappa : array, shape (n, n_reported)
    certified : array, shape (n, n_rows)
        Expected certified deaths of each row of the deaths that were fitted.
    certified_rep : int array, shape (n, n_rows)
        Replicated.
    shares : mapping of words to array, shape (n, n_reported)
        Parts of the national answer that rest on extrapolation.
    ages : AgeDraws or None
        By age band, where the model has ages.
    """

    years: NDArray[np.int64]
    incidence: Floats
    deaths: Floats
    living: Floats
    newly_diagnosed: Counts
    deaths_rep: Counts
    living_rep: Counts
    living_at: Floats | None
    living_at_rep: Counts | None
    kappa: Floats
    certified: Floats
    certified_rep: Counts
    shares: Mapping[str, Floats] = field(default_factory=dict)
    ages: AgeDraws | None = None


def flattened(parameters: Mapping[str, Floats]) -> tuple[dict[str, Floats], int, int]:
    """Parameters with chains after one another, and the numbers of chains and draws."""
    chains, draws = next(iter(parameters.values())).shape[:2]
    return {k: np.asarray(v).reshape(chains * draws, *v.shape[2:]) for k, v in parameters.items()}, chains, draws


def chunks(parameters: Mapping[str, Floats], size: int = CHUNK) -> Iterator[tuple[slice, dict[str, Floats]]]:
    """Parts of flattened parameters, with their place."""
    n = next(iter(parameters.values())).shape[0]
    for start in range(0, n, size):
        here = slice(start, min(start + size, n))
        yield here, {k: v[here] for k, v in parameters.items()}


def compute(
    model: PrevalenceModel,
    inputs: ModelInputs,
    parameters: Mapping[str, Floats],
    *,
    years: tuple[int, int],
    index_year: int,
    fraction: float,
    seed: int,
    chunk: int = CHUNK,
) -> QuantityDraws:
    """All quantities for flattened parameters.

    Randomness is drawn in the order of the draws, so that the size of the chunks changes nothing.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
    parameters : mapping of name to array, shape (n, ...)
    years : (int, int)
        First and last reported year.
    index_year : int
    fraction : float
        Share of the index year gone at the end of the index date; 1 is 31 December.
    seed : int
    chunk : int
        Draws at a time.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 7]).spawn(11)]
    n = next(iter(parameters.values())).shape[0]
    first, last = years[0] - inputs.grid.first_year, years[1] - inputs.grid.first_year
    n_reported, n_bands, n_rows = last - first + 1, len(DURATION_EDGES), len(inputs.deaths_frame)
    shape = (n, inputs.n_areas, 2, n_reported)
    inside = fraction < 1.0
    at_shape = (n, inputs.n_areas, 2, n_bands)
    out = QuantityDraws(
        years=np.arange(years[0], years[1] + 1),
        incidence=np.empty(shape), deaths=np.empty(shape), living=np.empty((*shape, n_bands)),
        newly_diagnosed=np.empty(shape, np.int32), deaths_rep=np.empty(shape, np.int32),
        living_rep=np.empty((*shape, n_bands), np.int32),
        living_at=np.empty(at_shape) if inside else None,
        living_at_rep=np.empty(at_shape, np.int32) if inside else None,
        kappa=np.empty((n, n_reported)), certified=np.empty((n, n_rows)),
        certified_rep=np.empty((n, n_rows), np.int32),
        shares={name: np.empty((n, n_reported)) for name in _share_names(model)},
        ages=None if model.ages is None else AgeDraws.empty(
            model.ages.bands, n, inputs.n_areas, n_reported, inside=inside))
    window = slice(first, last + 1)
    masks = _band_masks(inputs.n_years)[:, :, window]
    for here, p in chunks(parameters, chunk):
        latent = model.latent(p, inputs)
        cases, alive = latent["incidence"], latent["alive"]
        out.incidence[here] = cases[..., window].swapaxes(1, 2)
        out.deaths[here] = latent["deaths"][..., window].swapaxes(1, 2)
        for band in range(n_bands):
            out.living[here, ..., band] = (cases @ (alive[..., window] * masks[band])).swapaxes(1, 2)
        out.kappa[here] = latent["kappa"][..., window]
        at: InsideYear | None = None
        if out.living_at is not None:
            there = alive_inside(model, p, inputs, alive, index_year, fraction)
            out.living_at[here] = there.living(cases, DURATION_EDGES).swapaxes(1, 2)
            at = there.inside
        counts = realise(cases, alive, streams[0], first=first, last=last, inside=at, split=streams[3:6])
        out.newly_diagnosed[here] = counts.newly_diagnosed.swapaxes(1, 2)
        out.deaths_rep[here] = counts.deaths.swapaxes(1, 2)
        out.living_rep[here] = counts.living.swapaxes(1, 2)
        if out.living_at_rep is not None and counts.living_at is not None:
            out.living_at_rep[here] = counts.living_at.swapaxes(1, 2)
        if out.ages is not None:
            people = {"newly_diagnosed": counts.newly_diagnosed, "living": counts.living.sum(-1)}
            by_age: AliveInside | None = None
            if counts.living_at is not None:
                people["living_at"] = counts.living_at.sum(-1)
                by_age = alive_inside_by_age(model, p, inputs, latent["alive_by_age"], index_year, fraction)
            out.ages.fill(here, latent, inputs, window, people, by_age, fraction, streams[6:])
        if n_rows:
            mean = expected_deaths(seen_by_deaths(latent, inputs), inputs)[..., :n_rows]
            size = dispersion_size(p["deaths_extra_sd"])[..., None]
            out.certified[here] = mean
            out.certified_rep[here] = streams[2].poisson(mean * streams[1].gamma(size, 1.0 / size, mean.shape))
        for name, share in _shares(model, p, inputs, cases, alive, window).items():
            out.shares[name][here] = share
    return out


def _band_masks(n_years: int) -> Floats:
    """1 where diagnosis year s is in a duration band at the end of year t, shape (band, n_years, n_years)."""
    lag = np.arange(n_years)[None, :] - np.arange(n_years)[:, None]
    bands = band_matrix(n_years, DURATION_EDGES)
    return np.asarray(np.moveaxis(bands[np.maximum(lag, 0)] * (lag >= 0)[..., None], -1, 0))


def _share_names(model: PrevalenceModel) -> tuple[str, ...]:
    if hasattr(model.incidence, "recurrence_kernel"):
        return (UNSEEN, BEYOND_RECURRENCE, BEYOND_SURVIVAL)
    return (BEYOND_SURVIVAL,)


def _shares(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, cases: Floats, alive: Floats,
    window: slice,
) -> dict[str, Floats]:
    """Parts of the national answer that rest on extrapolation, each of shape (n, n_reported)."""
    follow_up = inputs.last_survival_follow_up
    lag = np.arange(inputs.n_years)[None, :] - np.arange(inputs.n_years)[:, None]
    beyond = np.clip(lag + 1.0 - follow_up, 0.0, 1.0)[:, window]
    whole = cases.sum(-2, keepdims=True)
    there = alive[..., window]
    found = {BEYOND_SURVIVAL: (whole @ (there * beyond)).sum((-3, -2)) / (whole @ there).sum((-3, -2))}
    kernel = getattr(model.incidence, "recurrence_kernel", None)
    if kernel is not None and inputs.primaries is not None:
        primaries = model.incidence.primaries(p, inputs)  # type: ignore[attr-defined]
        unseen = (primaries * (inputs.primaries.years_unseen > 0)).sum(-2)[..., None, :]
        everyone = primaries.sum(-2)[..., None, :]
        risks = kernel(p, inputs)[..., window]
        recurrent = (everyone @ risks)[..., 0, :]
        followed = (everyone @ kernel(p, inputs, tail=False)[..., window])[..., 0, :]
        found[UNSEEN] = (unseen @ risks)[..., 0, :] / recurrent
        found[BEYOND_RECURRENCE] = 1.0 - followed / recurrent
    return found
