"""The living by what a source knows of them: parts that exclude each other and sum exactly, draw by draw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import DURATION_EDGES, PRESENTATIONS, year_fraction
from sbc_prevalence.kernels.parts import known_and_others, split_counts
from sbc_prevalence.model.flow import RegistrationFlow, flows_of
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observing.registrations import RegisteredCounts
from sbc_prevalence.model.observing.sources import sources_of
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.survival.unregistered import registering_sources
from sbc_prevalence.prevalence.area_order import in_shown_order
from sbc_prevalence.prevalence.draws import CHUNK, chunks, flattened
from sbc_prevalence.prevalence.index_date import alive_inside
from sbc_prevalence.prevalence.intervals import median_and_interval
from sbc_prevalence.prevalence.quantity import EXPECTED, REALISED

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

BEFORE, FOLLOWED, LOST = "diagnosed_before_the_data", "registered_and_followed", "registered_and_lost"
NOT_YET, NEVER = "not_yet_reported", "never_registered"
PARTS = (BEFORE, FOLLOWED, LOST, NOT_YET, NEVER)
"""In this order: each holds those whom no earlier one does."""
ALL_LIVING = "all"
COLUMNS = ("source", "part", "basis", "area_code", "area_name", "median", "lower", "upper", "share")


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The living on an index date by what one source of registrations knows of them.

    Parameters
    ----------
    source : str
        Name of the source in `sources_of`.
    codes : tuple of str
        Areas, as modelled.
    expected : array, shape (n_draws, n_areas, n_parts)
        Persons; sums over `PARTS` to the expected living.
    realised : int array, shape (n_draws, n_areas, n_parts)
        Whole persons. Sums to the realised living of the estimates in every draw; where the registered and followed are
        known it starts at them instead.
    known : array, shape (n_areas,), or None
        Registered people known to be alive, where they are known.
    """

    source: str
    codes: tuple[str, ...]
    expected: Floats
    realised: NDArray[np.int64]
    known: NDArray[np.int64] | None = None


def decompose(
    est: "Estimates", source: str | None = None, *, known_living: Mapping[str, int] | None = None,
    frailty_shape: float | None = None,
) -> Decomposition:
    """The living on the index date by what a source knows of them.

    In this order, each part without those of the parts before: diagnosed before the source's first year in the area;
    registered and followed; registered and lost to follow-up (only where the evidence states a loss); not yet reported
    by the date of extraction (reporting delay, and years after the source's last one); never registered. Where
    registration and death compete, "registered" is by the index date and "not yet" later in life.

    Parameters
    ----------
    est : Estimates
    source : str, optional
        Name of registrations as in the evidence; needed where there are several.
    known_living : mapping of area code to int, optional
        Registered people whom the source knows to be alive on the index date, for every modelled area. They enter as
        known: the realised numbers start at them.
    frailty_shape : float, optional
        With `known_living`: see `kernels.parts.known_and_others`.

    Raises
    ------
    EvidenceError
        If there is no such source, or known people are given for some areas only or are negative.
    """
    inputs = est.fitted.inputs
    name, pieces = _chosen(inputs, source)
    known = _known(inputs, known_living)
    n_areas, n_bands = inputs.n_areas, len(DURATION_EDGES)
    rng = np.random.default_rng(np.random.SeedSequence([est.seed, 17]))
    losses = {piece.name: _loss_draws(inputs, piece.name, est) for piece in pieces}
    inside = est.draws.living_at_rep
    living = inside if inside is not None else est.draws.living_rep[:, :, :, est.position]
    expected, realised = [], []
    for here, p, cohorts in _living_by_cohort(est):
        shares = shares_of_living(est, p, pieces, {k: v[here] for k, v in losses.items()})
        by_band = np.zeros((*shares.shape[:1], n_areas, 2, n_bands, len(PARTS)))
        for band in range(n_bands):
            by_band[..., band, :] = np.einsum("nkrs,nkrsc->nrkc", cohorts[..., band], shares)
        expected.append(by_band.sum((2, 3)))
        if known is None:
            realised.append(split_counts(living[here].astype(np.int64), by_band, rng).sum((2, 3)))
        else:
            others = [i for i, part in enumerate(PARTS) if part != FOLLOWED]
            drawn = known_and_others(known, expected[-1][..., PARTS.index(FOLLOWED)], expected[-1][..., others], rng,
                                     frailty_shape=frailty_shape)
            order = np.argsort([PARTS.index(FOLLOWED), *others])
            realised.append(drawn[..., order])
    return Decomposition(name, inputs.grid.areas.codes, np.concatenate(expected), np.concatenate(realised), known)


def shares_of_living(
    est: "Estimates", p: Mapping[str, Floats], pieces: list[RegisteredCounts], losses: Mapping[str, Floats]
) -> Floats:
    """Shares of each part among the living of each presentation, area and year of diagnosis.

    Returns
    -------
    array, shape (n_draws, presentation, n_areas, n_years, n_parts)
        Sums to 1 over the parts.
    """
    model, inputs = est.fitted.model, est.fitted.inputs
    n = next(iter(p.values())).shape[0]
    seen = model.completeness_of(p, inputs)
    years = inputs.grid.years
    found = np.zeros((n, 2, inputs.n_areas, years.size, len(PARTS)))
    found[..., PARTS.index(NEVER)] = 1.0
    starts = [first_years(inputs, piece.name) for piece in pieces]
    first = np.min(starts, axis=0)
    outlived = registered_over_others(model, p, inputs, est.index_date)
    for piece in pieces:
        covered, last = coverage_of(inputs, piece.name)
        c = np.broadcast_to(seen[piece.name], (n, inputs.n_areas, years.size))
        arrived = arrived_by_year(inputs, p, piece.name)[:, None, :] * covered
        later = years[None, :] > last[:, None]  # the source has not told of these years yet
        ever = c * (covered | later)
        followed = still_followed(inputs, piece.name, losses[piece.name], est.index_date)[:, None, :]
        registered = ever * arrived
        flow = next((flow for flow in inputs.flows if piece.name in flow.sources), None)
        among = None if flow is None else registered_among_living(model, p, inputs, flow, est.index_date)
        for k in (PRESENTATIONS.index(kind) for kind in piece.presentations):
            if among is not None:
                ever = (among[0] + among[1])[:, k, None, :] * (covered | later)
                registered = among[0][:, k, None, :] * covered
            if piece.name in outlived:
                living = c * outlived[piece.name][:, k, None, :]
                ever = living / (living + 1.0 - c) * (covered | later)
                registered = ever * arrived
            found[:, k, :, :, PARTS.index(FOLLOWED)] = registered * followed
            found[:, k, :, :, PARTS.index(LOST)] = registered * (1.0 - followed)
            found[:, k, :, :, PARTS.index(NOT_YET)] = ever - registered
            found[:, k, :, :, PARTS.index(NEVER)] = 1.0 - ever
    before = years[None, :] < first[:, None]
    found[:, :, before] = np.eye(len(PARTS))[PARTS.index(BEFORE)]
    return found


def first_years(inputs: ModelInputs, name: str) -> NDArray[np.int64]:
    """First calendar year of a source in each area, shape (n_areas,); its first anywhere where it does not reach."""
    covered, _ = coverage_of(inputs, name)
    somewhere = int(inputs.grid.years[covered.any(0)][0])
    return np.where(covered.any(1), inputs.grid.years[covered.argmax(1)], somewhere)


def coverage_of(inputs: ModelInputs, name: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Years and areas from which a source has counts.

    Returns
    -------
    covered : bool array, shape (n_areas, n_years)
    last : int array, shape (n_areas,)
        Last calendar year; after the grid where the source does not reach an area.
    """
    a = inputs.arrays
    used = np.asarray(a[f"{name}_weight"]) > 0
    rows = np.asarray(inputs.levels)[np.asarray(a[f"{name}_level"])[used]] > 0
    of_year = np.asarray(a[f"{name}_year"])[used][:, None] == np.arange(inputs.n_years)
    covered = (rows[:, :, None] & of_year[:, None, :]).any(0)
    years = inputs.grid.years
    last = years[inputs.n_years - 1 - covered[:, ::-1].argmax(1)]
    return covered, np.where(covered.any(1), last, years[-1] + 1)


def arrived_by_year(inputs: ModelInputs, p: Mapping[str, Floats], name: str) -> Floats:
    """Share of those who are ever registered that the source holds by its date of extraction, (n_draws, n_years).

    1 where no delay is modelled; 0 in years from which a delayed source has no counts.
    """
    n = next(iter(p.values())).shape[0]
    delay = next((delay for delay in inputs.delays if name in delay.sources), None)
    exposed = inputs.arrays.get(f"{name}_exposed")
    if delay is None or exposed is None:
        return np.ones((n, inputs.n_years))
    used = np.asarray(inputs.arrays[f"{name}_weight"]) > 0
    by_year = np.zeros((2, inputs.n_years, exposed.shape[-1]))
    by_year[:, np.asarray(inputs.arrays[f"{name}_year"])[used]] = np.asarray(exposed)[:, used]
    return np.asarray(delay.held(p, by_year).arrived)


def registered_among_living(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, flow: RegistrationFlow, day: date
) -> tuple[Floats, Floats]:
    """Where registration takes time: shares of the living registered by a day, and registered later in life.

    Those who live have had longer to be registered than those who died: among them the share exceeds completeness at
    diagnosis. Inside a year it lies on the line between the two year ends.

    Returns
    -------
    by_the_day, later : arrays, shape (n_draws, presentation, n_years)
        By year of diagnosis.
    """
    average = model.survival.baseline_with_tail(p, inputs)
    first, later = model.survival_at_nodes(p, inputs, average)
    flows = flows_of(flow, p, first, later, inputs.n_years)
    year, fraction = year_fraction(day)
    t = year - inputs.grid.first_year
    surviving = model.alive(p, inputs)
    ahead = np.flip(np.cumsum(np.flip(flows.registered, -1), -1), -1) - flows.registered
    s = np.arange(t + 1)
    found = np.zeros((2, *flows.missing.shape[:-1]))
    for end, weight in ((t, fraction), (t - 1, 1.0 - fraction)):
        on = s[s <= end]
        living = surviving[..., on, end]
        missing, coming = flows.missing[..., on, end - on], ahead[..., on, end - on]
        found[0][..., on] += weight * (1.0 - missing / living)
        found[1][..., on] += weight * np.minimum(coming, missing) / living
    if fraction < 1.0:  # nobody diagnosed in the year of the day was registered when it began
        found[1][..., t] += (1.0 - fraction) * flows.registered[..., t, :].sum(-1)
    return found[0], found[1]


def registered_over_others(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, day: date
) -> dict[str, Floats]:
    """Survival to a day of registered people over that of all others, where the latter have a hazard of their own.

    Among the living the odds of being registered are those at diagnosis times this ratio. Inside a year survival lies on
    the line between the two year ends.

    Returns
    -------
    dict
        By name of the source in which people count as registered, arrays of shape (n_draws, presentation, n_years); empty
        where all live as long.
    """
    if model.survival.unregistered is None:
        return {}
    registered, others = model.survival.alive_of_groups(p, inputs)
    assert others is not None
    year, fraction = year_fraction(day)
    t = year - inputs.grid.first_year
    upto = np.arange(inputs.n_years) <= t

    def on_the_day(alive: Floats) -> Floats:
        before = np.where(np.arange(inputs.n_years) == t, 1.0, alive[..., t - 1])
        return np.where(upto, fraction * alive[..., t] + (1.0 - fraction) * before, 1.0)

    ratio = on_the_day(registered) / np.maximum(on_the_day(others), 1e-300)
    return {source.name: ratio for source in registering_sources(inputs)}


def still_followed(inputs: ModelInputs, name: str, loss: Floats, day: date) -> Floats:
    """Share of the registered living whom the source still follows on a day, (n_draws, n_years)."""
    source = inputs.source(name)
    n = loss.shape[0]
    if source.loss_kind == "per_year":
        year, fraction = year_fraction(day)
        since = np.maximum(year + fraction - (inputs.grid.years + 0.5), 0.5 * fraction)
        return np.exp(-loss[:, None] * since)
    return np.broadcast_to(1.0 - loss[:, None], (n, inputs.n_years))


def _loss_draws(inputs: ModelInputs, name: str, est: "Estimates") -> Floats:
    """Loss to follow-up drawn from its prior, one for each draw of the fit: no evidence of the model reaches it."""
    source = inputs.source(name)
    n = est.n_chains * est.n_draws
    if not source.loss_kind:
        return np.zeros(n)
    rng = np.random.default_rng(np.random.SeedSequence([est.seed, 19]))
    value = source.loss_center + source.loss_sd * rng.standard_normal(n)
    return np.exp(value) if source.loss_kind == "per_year" else 1.0 / (1.0 + np.exp(-value))


def _living_by_cohort(est: "Estimates") -> Iterator[tuple[slice, dict[str, Floats], Floats]]:
    """Expected living by year of diagnosis and duration band, (n, presentation, area, n_years, n_bands), in parts."""
    model, inputs = est.fitted.model, est.fitted.inputs
    year, fraction = year_fraction(est.index_date)
    t = year - inputs.grid.first_year
    starts = np.asarray(DURATION_EDGES)

    def in_bands(durations: NDArray[np.int64]) -> Floats:
        band = np.searchsorted(starts, np.maximum(durations, 0), side="right") - 1
        return (band[:, None] == np.arange(starts.size)).astype(float) * (durations >= -1)[:, None]

    durations = t - np.arange(inputs.n_years)
    for here, p in chunks(flattened(est.fitted.parameters)[0], CHUNK // 2):
        latent = model.latent(p, inputs)
        if fraction < 1.0:
            there = alive_inside(model, p, inputs, latent["alive"], year, fraction)
            alive = there.early[..., None] * in_bands(durations) + there.late[..., None] * in_bands(durations - 1)
        else:
            alive = latent["alive"][..., t][..., None] * in_bands(durations)
        yield here, p, latent["incidence"][..., None] * alive[:, :, None]


def registration_sources(inputs: ModelInputs) -> dict[str, list[RegisteredCounts]]:
    """Observations of registrations by source."""
    by_name = {piece.name: piece for piece in inputs.observations if isinstance(piece, RegisteredCounts)}
    found = {name: [by_name[n] for n in names if n in by_name] for name, names in sources_of(inputs).items()}
    return {name: pieces for name, pieces in found.items() if pieces}


def _chosen(inputs: ModelInputs, source: str | None) -> tuple[str, list[RegisteredCounts]]:
    """The source asked for, and its observations."""
    known = registration_sources(inputs)
    if source is None and len(known) == 1:
        return next(iter(known.items()))
    if source is None or source not in known:
        raise EvidenceError(Problem(
            "E-SOURCE-UNKNOWN", "decomposition", "the living are decomposed by one source of registrations",
            f"Name one of {', '.join(known)}." if known else "Add registrations of metastatic disease.", key="source"))
    return source, known[source]


def _known(inputs: ModelInputs, known_living: Mapping[str, int] | None) -> NDArray[np.int64] | None:
    if known_living is None:
        return None
    codes = inputs.grid.areas.codes
    wrong = set(known_living) != set(codes) or any(
        isinstance(v, bool) or int(v) != v or v < 0 for v in known_living.values())
    if wrong:
        raise EvidenceError(Problem(
            "E-KNOWN-LIVING", "known_living", "needs a whole number of at least 0 for every modelled area, and no other",
            "Give 0 where the source knows nobody to be alive."))
    return np.array([int(known_living[code]) for code in codes], dtype=np.int64)


def decomposition_table(est: "Estimates", parts: Decomposition, ci_prob: float) -> pd.DataFrame:
    """Rows of persons by part, on both bases, for the whole and the areas; ``part`` "all" holds the parts together."""
    areas = est.grid.areas
    places = {areas.total_code: np.ones(len(parts.codes), dtype=bool)}
    places |= {code: np.arange(len(parts.codes)) == i for i, code in enumerate(parts.codes)}
    rows = []
    for basis, values in ((EXPECTED, parts.expected), (REALISED, parts.realised)):
        for code, chosen in places.items():
            persons = values[:, chosen].sum(1).astype(float)
            whole = persons.sum(-1)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.nanmedian(persons / whole[:, None], axis=0)
            for i, part in enumerate((*PARTS, ALL_LIVING)):
                column = whole if part == ALL_LIVING else persons[:, i]
                rows.append((parts.source, part, basis, code, areas.name_of(code),
                             *(float(v) for v in median_and_interval(column, ci_prob)),
                             1.0 if part == ALL_LIVING else float(share[i])))
    return in_shown_order(pd.DataFrame(rows, columns=list(COLUMNS)), areas)
