"""The fitted object: draws of every parameter with the model and the evidence they belong to. Needs no PyMC."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError, ReleaseError
from sbc_prevalence.grid import CHAIN, DRAW
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior.codec import CodecError, decode, encode
from sbc_prevalence.posterior.gate import GateReport
from sbc_prevalence.posterior.storage import StoredFit, read_fit, write_fit

Floats = NDArray[np.float64]

CHUNK = 250
POSTERIOR, STATS, CONSTANT = "posterior", "sample_stats", "constant_data"


@dataclass(frozen=True, repr=False, eq=False)
class Fitted:
    """A fit that passed its gate.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
    parameters : mapping of name to array, shape (n_chains, n_draws, *parameter shape)
        Natural values. Parameters that no evidence reaches are drawn from their priors.
    sample_stats : mapping of name to array, shape (n_chains, n_draws)
        What the sampler said of each draw.
    gate : GateReport
    sampler : mapping
        Name, version, seed, chains, draws, tune, target_accept, seconds, extensions, versions of the stack.
    """

    model: PrevalenceModel
    inputs: ModelInputs
    parameters: Mapping[str, Floats]
    sample_stats: Mapping[str, NDArray[Any]]
    gate: GateReport
    sampler: Mapping[str, Any]

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return int(next(iter(self.parameters.values())).shape[0])

    @property
    def n_draws(self) -> int:
        """Number of draws, all chains together."""
        first = next(iter(self.parameters.values()))
        return int(first.shape[0] * first.shape[1])

    @property
    def prior_only(self) -> tuple[str, ...]:
        """Parameters that no evidence reaches."""
        return self.model.prior_only(self.inputs)

    @property
    def rests_on_counts(self) -> bool:
        """Whether any count (deaths, registrations, living) informs the fit; if not, totals are the prior's."""
        return informed_by_counts(self.inputs)

    def draws(self, name: str) -> Floats:
        """Draws of one parameter, shape (n_chains, n_draws, *parameter shape).

        Raises
        ------
        ModelError
            If the model has no parameter of that name.
        """
        if name not in self.parameters:
            raise ModelError(f"the model has no parameter '{name}'. Known: {', '.join(self.parameters)}.")
        return self.parameters[name]

    def flat(self, chosen: slice | NDArray[np.int64] = slice(None)) -> dict[str, Floats]:
        """Parameters with chains joined, shape (n_draws, *parameter shape); the first chain comes first."""
        return {name: values.reshape(-1, *values.shape[2:])[chosen] for name, values in self.parameters.items()}

    def chunks(self, chunk: int = CHUNK) -> Iterator[dict[str, Floats]]:
        """Parameters of successive draws, at most `chunk` at a time; bounds memory."""
        if chunk < 1:
            raise ModelError("a chunk must hold at least one draw. Give a positive number.")
        flat = self.flat()
        for start in range(0, self.n_draws, chunk):
            yield {name: values[start:start + chunk] for name, values in flat.items()}

    def latent(self, chunk: int = CHUNK) -> Iterator[dict[str, Floats]]:
        """Latent quantities of successive draws: incidence, living, deaths, alive, kappa; see `PrevalenceModel.latent`.

        The order of draws is that of `flat`: reshape what is gathered to (n_chains, n_draws / n_chains, ...).
        """
        for parameters in self.chunks(chunk):
            yield self.model.latent(parameters, self.inputs)

    def prior(self, n_draws: int, seed: int) -> dict[str, Floats]:
        """Parameters drawn from the priors, each of shape (n_draws, *parameter shape)."""
        return self.model.parameters(self.inputs).draw(np.random.default_rng(seed), n_draws)

    def save(self, path: str | Path) -> Path:
        """Write one NetCDF file, whole or not at all; see `load_fitted`.

        Raises
        ------
        ReleaseError
            If it cannot be written there.
        """
        constants: dict[str, NDArray[Any]] = {}
        described = {
            "model": encode(self.model, constants, "model"), "inputs": encode(self.inputs, constants, "inputs"),
            "gate": encode(self.gate, constants, "gate"), "sampler": encode(dict(self.sampler), constants, "sampler")}
        dims: dict[str, tuple[str, ...]] = {f"{STATS}/{name}": (CHAIN, DRAW) for name in self.sample_stats}
        for prior in self.model.parameters(self.inputs).priors:
            axes = prior.dims or tuple(f"{prior.name}_dim_{i}" for i in range(len(prior.shape)))
            dims[f"{POSTERIOR}/{prior.name}"] = (CHAIN, DRAW, *axes)
        areas = self.inputs.grid.areas
        return write_fit(Path(path), StoredFit(
            {POSTERIOR: self.parameters, STATS: self.sample_stats, CONSTANT: constants}, dims, described,
            {"specification": json.dumps(self.model.specification()), "sampler": json.dumps(dict(self.sampler)),
             "years": json.dumps([self.inputs.grid.first_year, self.inputs.grid.last_year]),
             "area_codes": json.dumps(list(areas.codes)), "area_names": json.dumps(list(areas.names)),
             "gate": "passed" if self.gate.passed else "refused"}))

    def _facts(self) -> list[tuple[str, str]]:
        grid, spec = self.inputs.grid, self.model.specification()
        facts = [
            ("model", f"{spec['incidence']} incidence, {spec['survival']} survival"),
            ("areas", str(len(grid.areas.codes))),
            ("years", f"{grid.first_year} to {grid.last_year}, reported from {grid.first_reported_year}"),
            ("draws", f"{self.n_chains} chains, {self.n_draws} draws in all"),
            ("parameters", str(len(self.parameters))),
            ("sampler", f"{self.sampler.get('name', '?')} {self.sampler.get('version', '')}, "
                        f"seed {self.sampler.get('seed', '?')}"),
            ("gate", "passed" if self.gate.passed else "refused")]
        if not self.rests_on_counts:
            facts.append(("caution", "no count informs this fit: totals are those of the prior"))
        return facts

    def __repr__(self) -> str:
        return "Fitted(" + "; ".join(f"{k}: {v}" for k, v in self._facts()) + ")"

    def _repr_html_(self) -> str:
        rows = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in self._facts())
        return f"<table><caption>Fitted model</caption><tbody>{rows}</tbody></table>"


def informed_by_counts(inputs: ModelInputs) -> bool:
    """Whether the evidence holds any count of deaths, registrations or the living."""
    return any(piece.words and inputs.power_of(piece.name) > 0 and np.any(inputs.arrays.get(f"{piece.name}_weight", 1.0))
               for piece in inputs.observations)


def load_fitted(path: str | Path) -> Fitted:
    """Read a saved fit, without PyMC.

    Raises
    ------
    ReleaseError
        If the file is absent, cut short, altered, or of another version.
    """
    stored = read_fit(Path(path))
    try:
        model, inputs, gate, sampler = (decode(stored.description[name], stored.groups[CONSTANT])
                                        for name in ("model", "inputs", "gate", "sampler"))
        draws = stored.groups[POSTERIOR]
        parameters = {name: draws[name] for name in model.parameters(inputs).names}
        return Fitted(model, inputs, parameters, dict(stored.groups[STATS]), gate, sampler)
    except (CodecError, KeyError, TypeError) as problem:
        raise ReleaseError(f"'{Path(path).name}' was written by another version of the package ({problem}). "
                           "Read it with that version, or run the fit again.") from problem
