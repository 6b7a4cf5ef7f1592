"""Log density and gradient of a model at stored points: does a stored study still belong to the current code?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel

Floats = NDArray[np.float64]

N_POINTS = 20
SPREAD = 0.5
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class DensityPoints:
    """Log posterior density and gradient at fixed places of the sampler.

    Parameters
    ----------
    names : tuple of str
        Variables of the sampler, in order.
    points : array, shape (n_points, n_dim)
        Places, all variables joined.
    log_density : array, shape (n_points,)
    gradient : array, shape (n_points, n_dim)
    """

    names: tuple[str, ...]
    points: Floats
    log_density: Floats
    gradient: Floats

    def to_json(self) -> dict[str, Any]:
        """Plain lists, every digit kept."""
        return {"names": list(self.names), "points": self.points.tolist(),
                "log_density": self.log_density.tolist(), "gradient": self.gradient.tolist()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DensityPoints":
        """The inverse of `to_json`."""
        return cls(tuple(stored["names"]), *(np.asarray(stored[k], dtype=float)
                                             for k in ("points", "log_density", "gradient")))

    def differences(self, other: "DensityPoints", tolerance: float = TOLERANCE) -> list[str]:
        """Sentences on what is not the same in another set; empty if nothing differs."""
        if self.names != other.names or self.points.shape != other.points.shape:
            return [f"the sampler moves other variables: {', '.join(self.names)} ({self.points.shape[1]} dimensions) "
                    f"against {', '.join(other.names)} ({other.points.shape[1]})"]
        found = []
        for word, ours, theirs in (("log density", self.log_density, other.log_density),
                                   ("gradient", self.gradient, other.gradient)):
            largest = float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(ours).max(), 1.0)))
            if not largest <= tolerance:
                found.append(f"the {word} differs by up to {largest:.2g} of its size")
        return found


def density_points(
    model: PrevalenceModel, inputs: ModelInputs, *, seed: int = 0, points: Floats | None = None
) -> DensityPoints:
    """Log density and gradient of the model that the sampler moves in, fused kernel included.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
    seed : int
        Of the places, where they are not given.
    points : array, shape (n_points, n_dim), optional
    """
    import pytensor

    from sbc_prevalence.model.build import build

    built = build(model, inputs)
    density = built.logp()
    program = pytensor.function(
        built.value_vars, [density, *pytensor.grad(density, built.value_vars)], mode="FAST_COMPILE")
    start = built.initial_point()
    shapes = [np.shape(start[v.name]) for v in built.value_vars]
    sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]
    names = tuple(f"{v.name}[{size}]" for v, size in zip(built.value_vars, sizes, strict=True))
    if points is None or points.shape[1] != sum(sizes):
        points = SPREAD * np.random.default_rng(seed).standard_normal((N_POINTS, sum(sizes)))
    values, gradients = [], []
    for point in points:
        pieces = np.split(point, np.cumsum(sizes)[:-1])
        value, *gradient = program(*(p.reshape(s) for p, s in zip(pieces, shapes, strict=True)))
        values.append(float(value))
        gradients.append(np.concatenate([np.ravel(g) for g in gradient]))
    return DensityPoints(names, points, np.array(values), np.array(gradients))
