"""The figures of the index date that are reported, as one array of draws: before the data, after them, or reweighted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import DURATION_EDGES, PRESENTATIONS, year_fraction
from sbc_prevalence.prevalence.draws import FittedLike, chunks, flattened
from sbc_prevalence.prevalence.index_date import alive_inside
from sbc_prevalence.prevalence.quantity import LIVING, NEWLY_DIAGNOSED

if TYPE_CHECKING:
    from datetime import date

    from sbc_prevalence.prevalence.estimate import Estimates

Floats = NDArray[np.float64]

DURATION, DE_NOVO_SHARE = "implied_duration", "de_novo_share"
COMPLETENESS, INCIDENCE_OF_SOURCE = "completeness", "incidence of the source's presentations"
LOG, LOGIT = "log", "logit"


@dataclass(frozen=True, eq=False)
class Totals:
    """Draws of the reported figures of one index date.

    Parameters
    ----------
    keys : DataFrame
        ``quantity``, ``area_code``, ``source`` (of a completeness; empty otherwise) and ``scale`` (``log`` or ``logit``:
        where the quantity is nearly normal), one row for each column of `values`.
    values : array, shape (n_draws, n_keys)
        Expected persons, years or proportions.
    """

    keys: pd.DataFrame
    values: Floats

    def scaled(self) -> Floats:
        """Values on their scale, shape (n_draws, n_keys)."""
        on_logit = (self.keys["scale"] == LOGIT).to_numpy()
        with np.errstate(divide="ignore"):
            return np.log(self.values) - np.where(on_logit, np.log1p(-np.where(on_logit, self.values, 0.0)), 0.0)


def totals(
    fitted: FittedLike, parameters: Mapping[str, Floats], day: "date", *, completeness: bool = False
) -> Totals:
    """Reported figures for flattened parameters: posterior draws, draws of the priors, draws of another fit.

    Living and newly diagnosed by modelled area, group and for the whole; implied duration and de novo share of the
    newly diagnosed for the whole; on request completeness by source, area and for the whole.

    Parameters
    ----------
    fitted : Fitted
        Its model and inputs are read, not its draws.
    parameters : mapping of name to array, shape (n_draws, ...)
    day : date
        Index date.
    completeness : bool
        Whether completeness is wanted too, with the incidence of the presentations that the source holds. Completeness
        of several areas together is weighted by incidence.
    """
    areas = fitted.inputs.grid.areas
    whole = areas.total_code
    codes = tuple(dict.fromkeys((whole, *(areas.groups or ()), *areas.codes)))
    members = areas.membership(codes)
    parts: dict[tuple[str, str, str, str], list[Floats]] = {}
    for living, cases, deaths, known in _by_chunk(fitted, parameters, day, completeness):
        found: dict[tuple[str, str, str, str], Floats] = {}
        for i, code in enumerate(codes):
            found[LIVING, code, "", LOG] = living @ members[i]
        for i, code in enumerate(codes):
            found[NEWLY_DIAGNOSED, code, "", LOG] = cases.sum(1) @ members[i]
        with np.errstate(divide="ignore", invalid="ignore"):
            found[DURATION, whole, "", LOG] = living.sum(-1) / deaths
            found[DE_NOVO_SHARE, whole, "", LOGIT] = cases[:, 0].sum(-1) / cases.sum((1, 2))
            for source, (c, kinds) in known.items():
                weight = sum(cases[:, k] for k in kinds)
                for i, code in enumerate(codes):
                    found[COMPLETENESS, code, source, LOGIT] = ((c * weight) @ members[i]) / (weight @ members[i])
                    found[INCIDENCE_OF_SOURCE, code, source, LOG] = weight @ members[i]
        for key, values in found.items():
            parts.setdefault(key, []).append(np.asarray(values))
    keys = pd.DataFrame(list(parts), columns=["quantity", "area_code", "source", "scale"])
    return Totals(keys, np.stack([np.concatenate(values) for values in parts.values()], axis=-1))


def _by_chunk(
    fitted: FittedLike, parameters: Mapping[str, Floats], day: "date", completeness: bool
) -> Iterator[tuple[Floats, Floats, Floats, dict[str, tuple[Floats, list[int]]]]]:
    """Living (n, area), new cases (n, presentation, area), deaths (n,) and completeness by source of some draws."""
    model, inputs = fitted.model, fitted.inputs
    year, fraction = year_fraction(day)
    t = year - inputs.grid.first_year
    for _, p in chunks(parameters):
        latent = model.latent(p, inputs)
        cases = latent["incidence"]
        if fraction < 1.0:
            there = alive_inside(model, p, inputs, latent["alive"], year, fraction)
            living = there.living(cases, DURATION_EDGES).sum((1, -1))
        else:
            living = latent["living"][..., t].sum(1)
        known: dict[str, tuple[Floats, list[int]]] = {}
        if completeness:
            c = model.completeness_of(p, inputs)
            known = {
                source.name: (c[source.name][..., min(t, c[source.name].shape[-1] - 1)],
                              [PRESENTATIONS.index(k) for k in source.presentations])
                for source in inputs.completeness_sources}
        yield living, cases[..., t], latent["deaths"][..., t].sum((1, 2)), known


def totals_of(est: "Estimates", *, completeness: bool = False) -> Totals:
    """Reported figures of the posterior draws of estimates."""
    return totals(est.fitted, flattened(est.fitted.parameters)[0], est.index_date, completeness=completeness)
