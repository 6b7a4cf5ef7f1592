"""Reporting triangles: what a register gains and loses from one report to the next, given what it held."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.evidence.belonging import owned
from sbc_prevalence.evidence.reporting import ELAPSED, SERIES
from sbc_prevalence.grid import COUNT, PRESENTATION, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.reporting import year_exposure
from sbc_prevalence.model.delay import ReportingDelay
from sbc_prevalence.model.likelihood import dispersion_size, net_change_loglik
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing.counts import ROW_BLOCK, padded
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

FEWEST_REMOVALS, MOST_REMOVALS = 32, 512
SMALLEST_SHARE = 1e-9
"""Of those held, the least that is expected to come or to go: differences of nearly equal shares lose their sign."""
PLAUSIBLE_REMOVALS = 0.06
"""Share of what is held that may plausibly leave between two reports; the likelihood sums removals up to it."""


@dataclass(frozen=True)
class TriangleCounts(Observation):
    """Net changes of a register between reports. The level of every diagnosis year is integrated out.

    Given the n that were held at a report, additions until the next are negative binomial with mean n a / N and shape n
    (a the share added, N the share held: exactly what remains of Poisson counts when their level is integrated out),
    removals are Poisson with mean n r / N, and the net change is summed over all removals.

    Parameters
    ----------
    delay : ReportingDelay
    n_removals : int
        Numbers of removals that are summed over.
    """

    delay: ReportingDelay = field(default_factory=lambda: ReportingDelay("", (0.0,), ()))
    n_removals: int = FEWEST_REMOVALS
    title: ClassVar[str] = "reporting triangle"
    convolved_levels: ClassVar[Levels] = "none"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Spread of reporting beyond chance, shared by all triangles."""
        return [
            Prior(
                "reporting_extra_sd",
                "psi_d",
                "extra coefficient of variation of what arrives between two reports",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Batches arrive unevenly from report to report.",
                group="completeness",
            )
        ]

    def changes(self, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> tuple[Array, Array]:
        """Expected additions and removals for each person held at the report before; each (..., n_cells)."""
        a, name = inputs.arrays, self.name
        before = self.delay.held(p, a[f"{name}_exposed_before"], xp)
        after = self.delay.held(p, a[f"{name}_exposed_after"], xp)
        wrong = p[f"wrong_entries_{self.delay.name}"][..., None]
        kept = xp.exp(-p[f"found_out_hazard_{self.delay.name}"][..., None] * a[f"{name}_between"])
        there = before.arrived + wrong * before.wrong
        added = after.arrived - before.arrived + wrong * (after.wrong - kept * before.wrong)
        return xp.maximum(added / there, SMALLEST_SHARE), xp.maximum(wrong * before.wrong * (1.0 - kept) / there,
                                                                     SMALLEST_SHARE)

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Net changes, cell by cell, each given the count before."""
        a, name = inputs.arrays, self.name
        added, removed = self.changes(p, inputs, xp)
        held = a[f"{name}_before"]
        size = 1.0 / (1.0 / held + 1.0 / dispersion_size(p["reporting_extra_sd"])[..., None])
        cells = net_change_loglik(a[f"{name}_net"], held * added, size, held * removed, self.n_removals, xp)
        return {name: (a[f"{name}_weight"] * cells).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """The first report of each diagnosis year as it was; every later one drawn from the one before it."""
        a, name, rng = inputs.arrays, self.name, stream(self.name)
        added, removed = (np.asarray(x) for x in self.changes(p, inputs))
        series, step = np.asarray(a[f"{name}_series"]), np.asarray(a[f"{name}_step"])
        held, net = np.array(a[f"{name}_before"], dtype=float), np.array(a[f"{name}_net"], dtype=float)
        weight = np.array(a[f"{name}_weight"], dtype=float)
        real = step >= 0
        count = np.zeros(int(series.max()) + 1)
        first = real & (step == 0)
        count[series[first]] = np.where(weight[first] > 0, held[first], 0.0)
        for k in range(int(step.max()) + 1):
            at = np.flatnonzero(real & (step == k))
            now = count[series[at]]
            n = np.maximum(now, 1.0)
            size = 1.0 / (1.0 / n + 1.0 / dispersion_size(p["reporting_extra_sd"]))
            mean = n * added[at]
            came = rng.negative_binomial(size, size / (size + mean))
            left = np.minimum(rng.poisson(n * removed[at]), now + came)
            held[at], net[at] = n, np.where(now > 0, came - left, 0.0)
            weight[at] = (now > 0).astype(float)
            count[series[at]] = now + net[at]
        held[~real], net[~real] = held[0], net[0]
        return {f"{name}_before": held, f"{name}_net": net, f"{name}_weight": weight}


def lay_out(bundle: Any, grid: StudyGrid, arrays: Arrays) -> tuple[list[Observation], list[ReportingDelay], Arrays]:
    """Triangles, their delays, and the exposures of the registrations that these correct.

    Parameters
    ----------
    arrays : mapping
        Those of the registrations, with ``{label}_as_of`` and ``{label}_year``.
    """
    found: list[Observation] = []
    delays: list[ReportingDelay] = []
    made: Arrays = {}
    for piece in bundle.by_kind("reporting_triangle"):
        for presentation, cells in piece.cells().groupby(PRESENTATION):
            name = one_word(f"{piece.name}_{presentation}")
            cuts = tuple(cut for cut in piece.delay_cuts if cut == 0 or cut < cells[ELAPSED].max() - 1.0)
            labels = owned(bundle.pieces, piece, str(presentation))
            delay = ReportingDelay(name, cuts, tuple(one_word(f"{owner}_{kind}") for owner, kind in labels))
            columns, n_removals = _cells(cells, name, cuts)
            made |= columns
            for source in delay.sources:
                since = arrays[f"{source}_as_of"] - (grid.first_year + np.asarray(arrays[f"{source}_year"]))
                made[f"{source}_exposed"] = year_exposure(since, cuts)
            found.append(TriangleCounts(name, delay, n_removals))
            delays.append(delay)
    return found, delays, made


def _cells(cells: pd.DataFrame, name: str, cuts: tuple[float, ...]) -> tuple[Arrays, int]:
    """Changes between neighbouring reports of each series, padded; series whose count is 0 wait for their first case."""
    cells = cells.reset_index(drop=True)
    series = cells.groupby(list(SERIES), sort=False).ngroup().to_numpy()
    pairs = np.flatnonzero(series[1:] == series[:-1])
    before, after = cells.iloc[pairs], cells.iloc[pairs + 1]
    count = before[COUNT].to_numpy(float)
    net = after[COUNT].to_numpy(float) - count
    n = max(int(np.ceil(pairs.size / ROW_BLOCK)), 1) * ROW_BLOCK
    since = [x[ELAPSED].to_numpy(float) for x in (before, after)]
    bound = FEWEST_REMOVALS + max(-net.min(initial=0.0), 0.0) + np.ceil(PLAUSIBLE_REMOVALS * count.max(initial=0.0))
    step = pd.Series(series[pairs]).groupby(series[pairs]).cumcount().to_numpy()
    return {
        f"{name}_exposed_before": np.stack([padded(e, n) for e in year_exposure(since[0], cuts)]),
        f"{name}_exposed_after": np.stack([padded(e, n) for e in year_exposure(since[1], cuts)]),
        f"{name}_between": padded(since[1] - since[0], n),
        f"{name}_before": padded(np.maximum(count, 1.0), n),
        f"{name}_net": padded(np.where(count > 0, net, 0.0), n),
        f"{name}_weight": np.concatenate([(count > 0).astype(float), np.zeros(n - pairs.size)]),
        f"{name}_series": padded(series[pairs], n),
        f"{name}_step": np.concatenate([step, np.full(n - pairs.size, -1)]),
    }, int(min(np.ceil(bound / 16) * 16, MOST_REMOVALS))
