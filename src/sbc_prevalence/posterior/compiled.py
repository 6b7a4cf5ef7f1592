"""A model compiled once for its shapes; data and priors are swapped in without compiling again."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from json import dumps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.swappable import swappable
from sbc_prevalence.posterior.codec import digest, encode
from sbc_prevalence.posterior.program import Program, make_program

Shapes = Mapping[str, tuple[int, ...]]


def structure_key(model: PrevalenceModel, inputs: ModelInputs) -> str:
    """Hash of everything that is fixed in a compiled model: its form, its shapes and its constants.

    Two studies with one key differ only in the arrays of `ModelInputs.arrays` and in the centres and spreads of
    priors, which can be swapped. Constants that are compiled in (floor of the hazard, recurrence table, durations
    of published points, years) are part of the key: another life table is another model.
    """
    arrays: dict[str, NDArray[Any]] = {}
    primaries = inputs.primaries
    bare = replace(
        inputs, arrays={}, population=None, population_note="", deaths_frame=inputs.deaths_frame.iloc[:0, :0],
        death_age_shares=np.zeros(inputs.death_age_shares.shape),
        ages=None if inputs.ages is None else replace(inputs.ages, population=None, population_codes=()),
        primaries=None if primaries is None else replace(
            primaries, actual=np.zeros(primaries.actual.shape), smooth=np.zeros(primaries.smooth.shape), growth=0.0),
        completeness_sources=tuple(
            replace(s, known=None if s.known is None else 1.0, logit_center=0.0, logit_sd=0.0, reason="",
                    loss_kind="", loss_center=0.0, loss_sd=0.0)
            for s in inputs.completeness_sources))
    described = encode(bare, arrays, "inputs")
    parameters = model.sampled(inputs)
    form = {
        "inputs": digest(described, arrays),
        "model": encode(replace(model, overrides={}, judgement_width=1.0, area_factor=1.0), {}, "model"),
        "parameters": [[p.name, p.distribution, list(p.shape)] for p in parameters.priors],
        "level": model.level_parameter(inputs), "population": inputs.population is not None,
        "shapes": {name: list(shape) for name, shape in array_shapes(model, inputs).items()}}
    return sha256(dumps(form, sort_keys=True).encode()).hexdigest()


def array_shapes(model: PrevalenceModel, inputs: ModelInputs) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays that are swapped."""
    n = len(model.sampled(inputs).priors)
    return {**{name: np.shape(v) for name, v in inputs.arrays.items()}, "prior_center": (n,), "prior_sd": (n,)}


@dataclass(frozen=True, repr=False, eq=False)
class Compiled:
    """A compiled model with the arrays of one study in place.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
        The study whose arrays are in place.
    key : str
        `structure_key`.
    shapes : mapping of name to tuple of int
        Of the swappable arrays.
    program : Program
        The compiled log density, with the arrays of the study in memory.
    seconds : float
        Wall time of the compilation.
    """

    model: PrevalenceModel
    inputs: ModelInputs
    key: str
    shapes: Shapes
    program: Program
    seconds: float

    def with_inputs(self, model: PrevalenceModel, inputs: ModelInputs) -> "Compiled":
        """The same program with the data and priors of another study of the same shapes.

        Raises
        ------
        ModelError
            If the study has another form, other shapes or other compiled-in constants.
        """
        if model is self.model and inputs is self.inputs:
            return self
        found = array_shapes(model, inputs)
        if other := [f"'{n}' {self.shapes.get(n, 'absent')} against {found.get(n, 'absent')}"
                     for n in sorted({*self.shapes, *found}) if self.shapes.get(n) != found.get(n)]:
            raise ModelError(f"the compiled model has other shapes: {'; '.join(other)}. Compile this model anew.")
        if structure_key(model, inputs) != self.key:
            raise ModelError("the compiled model has another form or other constants (survival family, trend, life "
                             "table, recurrence risks, years). Compile this model anew.")
        return replace(self, model=model, inputs=inputs, program=self.program.with_arrays(swappable(model, inputs)))

    def fits(self, model: PrevalenceModel, inputs: ModelInputs) -> bool:
        """Whether a study can use this program."""
        return array_shapes(model, inputs) == dict(self.shapes) and structure_key(model, inputs) == self.key

    def __repr__(self) -> str:
        return f"Compiled({self.key[:12]}, {len(self.shapes)} arrays, {self.seconds:.1f} s)"


def compile_model(model: PrevalenceModel, inputs: ModelInputs) -> Compiled:
    """Compile a model for the shapes of its evidence.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs

    Returns
    -------
    Compiled
        Compilation takes a minute or more, once for each form and shape; a later process finds the program in
        PyTensor's cache, in less than a second.
    """
    key, shapes = structure_key(model, inputs), array_shapes(model, inputs)
    started = time.perf_counter()
    program = make_program(model, inputs, key, swappable(model, inputs))
    return Compiled(model, inputs, key, shapes, program, time.perf_counter() - started)

