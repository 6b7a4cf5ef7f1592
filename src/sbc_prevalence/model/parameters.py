"""Parameters: named priors, their origin, and the way from standard normals to natural values."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ConfigError, Problem
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace

TRANSFORMS = ("normal", "log_normal", "logit_normal", "half_normal", "zero_sum_normal")
OVER = {"area": "the areas", "age_band": "the age bands"}
NORMAL, HALF, ZERO_SUM = "noise", "half_noise", "zero_sum_noise"


@dataclass(frozen=True)
class Prior:
    """Prior of one named parameter, written as centre and spread on the scale where it is normal.

    Parameters
    ----------
    name, symbol, meaning : str
        Code name, symbol of `docs/explanation/model.md`, and what it is.
    distribution : str
        ``normal``, ``log_normal`` (of the log), ``logit_normal`` (of the logit), ``half_normal``
        (centre 0) or ``zero_sum_normal`` (sums to zero over the last axis).
    center, sd : float
        On the normal scale. With sd = 0 the parameter is fixed at its centre.
    unit : str
    source : str or None
        Where it was published. None makes it a judgement.
    reason : str
        Why this centre and spread.
    shape : tuple of int
        Axes of the parameter; empty for a single number.
    dims : tuple of str
        Their names.
    labels : tuple of str
        Labels along the first axis, for tables.
    """

    name: str
    symbol: str
    meaning: str
    distribution: str
    center: float
    sd: float
    unit: str
    source: str | None
    reason: str
    shape: tuple[int, ...] = ()
    dims: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    group: str = "model"

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def is_judgement(self) -> bool:
        """Whether no published source stands behind the prior."""
        return self.source is None

    def natural(self, z: Array, center: Array, sd: Array, xp: Namespace = NUMPY) -> Array:
        """Value on the natural scale from standard normal (half-normal, zero-sum) noise."""
        value = center + sd * z
        if self.distribution == "log_normal":
            return xp.exp(value)
        if self.distribution == "logit_normal":
            return xp.sigmoid(value)
        return value

    def on_normal_scale(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """A natural value on the scale where the prior is normal."""
        if self.distribution == "log_normal":
            return np.log(value)
        if self.distribution == "logit_normal":
            return np.log(value) - np.log1p(-value)
        return value

    def draw(self, rng: np.random.Generator, n_draws: int) -> NDArray[np.float64]:
        """Noise of the prior, shape (n_draws, *shape)."""
        z = rng.standard_normal((n_draws, *self.shape))
        if self.distribution == "half_normal":
            return np.abs(z)
        if self.distribution == "zero_sum_normal":
            return np.asarray(z - z.mean(-1, keepdims=True))
        return z

    def describe(self) -> str:
        """The prior in words, on the natural scale."""
        if self.sd == 0:
            return f"fixed at {float(self.natural(np.zeros(()), np.asarray(self.center), 0.0)):.3g}"
        low, mid, high = self.center - 1.96 * self.sd, self.center, self.center + 1.96 * self.sd
        if self.distribution == "log_normal":
            low, mid, high = np.exp([low, mid, high])
            return f"log-normal, median {mid:.3g}, 95 % {low:.3g} to {high:.3g} (log: {self._on_scale()})"
        if self.distribution == "logit_normal":
            low, mid, high = 1 / (1 + np.exp(-np.array([low, mid, high])))
            return f"logit-normal, median {mid:.3g}, 95 % {low:.3g} to {high:.3g} (logit: {self._on_scale()})"
        if self.distribution == "half_normal":
            return f"half-normal, scale {self.sd:.3g}"
        if self.distribution == "zero_sum_normal":
            over = OVER.get(self.dims[-1] if self.dims else "", "its last axis")
            return f"normal, {'' if self.sd == 1.0 else f'sd {self.sd:.3g}, '}summing to zero over {over}"
        return f"normal, mean {mid:.3g}, sd {self.sd:.3g}"

    def _on_scale(self) -> str:
        return f"center {self.center:.3g}, sd {self.sd:.3g}"


@dataclass(frozen=True)
class ParameterSet:
    """All parameters of a model, in a fixed order."""

    priors: tuple[Prior, ...]

    def __post_init__(self) -> None:
        names = [p.name for p in self.priors]
        if len(set(names)) != len(names):
            raise ConfigError("two components of the model use the same parameter name. Rename one.")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(p.name for p in self.priors)

    def __getitem__(self, name: str) -> Prior:
        return self.priors[self.names.index(name)]

    @property
    def centers(self) -> NDArray[np.float64]:
        """Centres, shape (n_parameters,)."""
        return np.array([p.center for p in self.priors])

    @property
    def sds(self) -> NDArray[np.float64]:
        """Spreads, shape (n_parameters,)."""
        return np.array([p.sd for p in self.priors])

    def without(self, names: Collection[str]) -> "ParameterSet":
        """The same set with some parameters left out."""
        return ParameterSet(tuple(p for p in self.priors if p.name not in names))

    def only(self, names: Collection[str]) -> "ParameterSet":
        """Some parameters of the set, in its order."""
        return ParameterSet(tuple(p for p in self.priors if p.name in names))

    def noise_blocks(self) -> dict[str, tuple[Prior, ...]]:
        """Parameters by the random variable that holds their noise: one vector per kind of distribution."""
        blocks: dict[str, tuple[Prior, ...]] = {}
        for prior in self.priors:
            name = {"half_normal": HALF, "zero_sum_normal": f"{ZERO_SUM}_{prior.name}"}.get(
                prior.distribution, NORMAL
            )
            blocks[name] = (*blocks.get(name, ()), prior)
        return blocks

    def noise_by_name(self, blocks: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Noise of every parameter from the random variables of a fit.

        Parameters
        ----------
        blocks : mapping of block name to array, shape (..., block size)

        Returns
        -------
        dict of parameter name to array, shape (..., *prior.shape)
        """
        found: dict[str, NDArray[np.float64]] = {}
        for name, members in self.noise_blocks().items():
            if name.startswith(ZERO_SUM):
                found[members[0].name] = blocks[name]
                continue
            pieces = np.split(blocks[name], np.cumsum([p.size for p in members])[:-1], axis=-1)
            for prior, piece in zip(members, pieces, strict=True):
                found[prior.name] = piece.reshape((*piece.shape[:-1], *prior.shape))
        return found

    def replaced(self, overrides: Mapping[str, Mapping[str, float | str]]) -> "ParameterSet":
        """The same parameters with some priors replaced.

        Parameters
        ----------
        overrides : mapping of name to {center, sd, source, reason}

        Raises
        ------
        ConfigError
            If a name is unknown, a spread negative, or neither source nor reason is given.
        """
        problems = []
        for name, change in overrides.items():
            if name not in self.names:
                problems.append(
                    Problem(
                        "E-PRIOR",
                        "model.priors",
                        f"no parameter is called '{name}'",
                        f"Known: {', '.join(self.names)}.",
                        column=name,
                    )
                )
            if float(change.get("sd", 0.0) or 0.0) < 0:
                problems.append(
                    Problem(
                        "E-PRIOR",
                        "model.priors",
                        "sd must not be negative",
                        "Give the standard deviation on the normal scale.",
                        column=name,
                    )
                )
            if (
                name in self.names
                and self[name].distribution in ("half_normal", "zero_sum_normal")
                and change.get("center") not in (None, 0, 0.0)
            ):
                problems.append(
                    Problem(
                        "E-PRIOR",
                        "model.priors",
                        "this parameter has no centre, only a scale",
                        "Give sd alone.",
                        column=name,
                    )
                )
        if problems:
            raise ConfigError(problems)
        return ParameterSet(
            tuple(
                replace(p, **{k: v for k, v in overrides[p.name].items() if v is not None})  # type: ignore[arg-type]
                if p.name in overrides
                else p
                for p in self.priors
            )
        )

    def scaled_judgements(self, factor: float) -> "ParameterSet":
        """The same parameters with the spread of every judgement multiplied."""
        return ParameterSet(
            tuple(
                replace(p, sd=p.sd * factor) if p.is_judgement else p
                for p in self.priors
            )
        )

    def with_area_spread(self, factor: float) -> "ParameterSet":
        """The same parameters with the prior spread between areas multiplied."""
        if factor == 1.0 or "area_sd" not in self.names:
            return self
        center = self["area_sd"].center + float(np.log(factor))
        return ParameterSet(tuple(replace(p, center=center) if p.name == "area_sd" else p for p in self.priors))

    def natural(
        self, z: Mapping[str, Array], centers: Array, sds: Array, xp: Namespace = NUMPY
    ) -> dict[str, Array]:
        """Natural values of all parameters from their noise."""
        return {p.name: p.natural(z[p.name], centers[i], sds[i], xp) for i, p in enumerate(self.priors)}

    def log_density_by_group(self, values: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Log prior density of draws by group of parameters, up to a constant, on the scale where each is normal.

        Raised to a power alpha it is the prior with its spread divided by the root of alpha. Fixed parameters are
        left out.

        Parameters
        ----------
        values : mapping of name to array, shape (n_draws, *shape)
            Natural values.

        Returns
        -------
        dict of group to array, shape (n_draws,)
        """
        found: dict[str, NDArray[np.float64]] = {}
        for prior in self.priors:
            if prior.sd == 0.0:
                continue
            z = (prior.on_normal_scale(np.asarray(values[prior.name])) - prior.center) / prior.sd
            found[prior.group] = found.get(prior.group, 0.0) - 0.5 * (z**2).reshape(z.shape[0], -1).sum(-1)
        return found

    def draw(self, rng: np.random.Generator, n_draws: int) -> dict[str, NDArray[np.float64]]:
        """Natural values drawn from the priors, each of shape (n_draws, *shape)."""
        return self.natural({p.name: p.draw(rng, n_draws) for p in self.priors}, self.centers, self.sds)


def combine(*parts: Sequence[Prior]) -> ParameterSet:
    """One set from the priors of several components."""
    return ParameterSet(tuple(p for part in parts for p in part))
