"""Log density and gradient as one machine program, kept on disk: a later process loads it in less than a second.

PyTensor writes the function and numba compiles it, with its access to the study's arrays, into one C function. The name
under which it is kept says everything that is fixed in it (`structure_key`), the source of the rooms it is made from, and
the versions of what made it; the graph is built only where nothing is kept under that name. nutpie calls the C function.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior.coordinates import Coordinates, coordinates
from sbc_prevalence.posterior.memory import Place, packed, places

MADE_BY = ("numpy", "scipy", "pymc", "pytensor", "numba", "llvmlite")
ROOMS = ("kernels", "model", "posterior/program.py", "posterior/memory.py", "grid.py")
POINT = "point"
AT_ONCE = 20
"""Arrays in one tuple of the program's text: numba reads no longer ones."""

ENTRY = """\
def log_density_and_gradient(size, point, gradient, value, memory):
    try:
        found, slope = evaluate(carray(point, (size,)), memory)
    except Exception:
        return 1
    value[0] = found.item()
    for i in range(size):
        gradient[i] = slope[i]
        if not np.isfinite(slope[i]):
            return 3
    if not np.isfinite(value[0]):
        return 4
    return 0
"""
COPY = """\
def same_point(size, expanded, point, out, memory):
    for i in range(size):
        out[i] = point[i]
    return 0
"""

_SEEN = {"np": np, "__name__": __name__}


@dataclass(frozen=True, repr=False, eq=False)
class Program:
    """A compiled log density with the arrays of one study in place.

    Parameters
    ----------
    coordinates : Coordinates
    layout : tuple of Place
        Where the arrays lie in memory.
    memory : array of bytes
    density, copy : object
        C functions: log density with gradient, and the identity.
    loaded : bool
        Whether it was found on disk.
    """

    coordinates: Coordinates
    layout: tuple[Place, ...]
    memory: NDArray[np.uint8]
    density: Any
    copy: Any
    loaded: bool

    def with_arrays(self, arrays: dict[str, NDArray[Any]]) -> "Program":
        """The same program on other arrays of the same shapes."""
        return replace(self, memory=packed(arrays, self.layout))

    def evaluate(self, point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Log density and gradient at one point, shapes () and (n,).

        Raises
        ------
        FloatingPointError
            If either is not finite.
        """
        import ctypes

        at = np.array(point, dtype=float)
        gradient, value = np.zeros(self.coordinates.n), np.zeros(1)
        address = ctypes.c_void_p
        call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, address, address, address, address)(self.density.address)
        if call(at.size, at.ctypes.data, gradient.ctypes.data, value.ctypes.data, self.memory.ctypes.data) != 0:
            raise FloatingPointError("the log density or its gradient is not finite at this point")
        return float(value[0]), gradient

    def for_nutpie(self) -> Any:
        """What nutpie samples: one variable, the flat vector of coordinates."""
        from nutpie.compile_pymc import CompiledPyMCModel

        n = self.coordinates.n
        return CompiledPyMCModel(
            dims={}, compiled_logp_func=self.density, compiled_expand_func=self.copy,
            initial_point_func=self.coordinates.start, shared_data={}, shared_var_keys={}, user_data=self.memory,
            n_expanded=n, shape_info=([POINT], [slice(0, n)], [(n,)]), logp_func=None, expand_func=None, _n_dim=n,
            _shapes={POINT: (n,)}, _coords={}, reparameterized_names=[])


def make_program(model: PrevalenceModel, inputs: ModelInputs, key: str, arrays: dict[str, NDArray[Any]]) -> Program:
    """The program of a model: from disk where it is kept, otherwise compiled and kept.

    Parameters
    ----------
    model, inputs
    key : str
        `structure_key` of the two.
    arrays : dict of name to array
        What can be swapped: data, centres and spreads of priors.
    """
    from numba import types

    layout, found = places(arrays), coordinates(model.sampled(inputs))
    pointer = types.CPointer(types.double)
    density_type = types.int64(types.uint64, pointer, pointer, pointer, types.voidptr)
    copy_type = types.int64(types.uint64, types.uint64, pointer, pointer, types.voidptr)
    name = kept_as(key, layout)
    density = _c_function(density_type, ENTRY, name, None) if _mark(name).is_file() else None
    loaded = density is not None
    if density is None:
        density = _c_function(density_type, ENTRY, name, _evaluate(model, inputs, layout, found))
        _mark(name).parent.mkdir(parents=True, exist_ok=True)
        _mark(name).touch()
    copy = _c_function(copy_type, COPY, f"same point {version('numba')}", ())
    return Program(found, layout, packed(arrays, layout), density, copy, loaded)


def kept_as(key: str, layout: tuple[Place, ...]) -> str:
    """Name of a program on disk: what it computes, on arrays of which shapes, made from which source by what."""
    parts = [key, _source_digest(), repr(layout), *(f"{name} {version(name)}" for name in MADE_BY)]
    return sha256("\n".join(parts).encode()).hexdigest()


@cache
def _source_digest() -> str:
    root = Path(__file__).resolve().parents[1]
    found = sha256()
    for room in ROOMS:
        for file in sorted([root / room] if (root / room).is_file() else (root / room).rglob("*.py")):
            found.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()


def _mark(name: str) -> Path:
    import pytensor

    return Path(pytensor.config.base_compiledir) / "sbc_prevalence" / name


def _c_function(signature: Any, text: str, name: str, evaluate: Any) -> Any:
    """A C function from its text, by way of PyTensor's cache; None if nothing is kept and there is nothing to compile."""
    import numba
    from numba.core.errors import NumbaError
    from pytensor.link.numba.cache import compile_numba_function_src

    called = text.split("(")[0].removeprefix("def ")
    function = compile_numba_function_src(
        text, called, global_env={**_SEEN, "carray": numba.carray, "evaluate": evaluate}, cache_key=name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=numba.NumbaWarning)
        try:
            return numba.cfunc(signature, cache=True)(function)
        except NumbaError:
            if evaluate is None:
                return None
            raise


def _evaluate(model: PrevalenceModel, inputs: ModelInputs, layout: tuple[Place, ...], found: Coordinates) -> Any:
    """The function of the graph, called with the arrays taken out of memory."""
    import numba
    import pytensor
    from pytensor.link.numba.cache import compile_numba_function_src
    from pytensor.link.numba.dispatch.basic import numba_njit

    # With fast-math a program rounds differently wherever the compiler joins it differently; without it seeds
    # reproduce, at no cost in speed.
    with pytensor.config.change_flags(numba__fastmath=False), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        inner = numba_njit(_graph(model, inputs, layout, found).vm.jit_fn.py_func)
    taken = [_taken(place) for place in layout]
    groups = [taken[i:i + AT_ONCE] for i in range(0, len(taken), AT_ONCE)]
    lines = [f"    part{i} = ({', '.join(group)},)" for i, group in enumerate(groups)]
    everything = " + ".join(f"part{i}" for i in range(len(groups))) or "()"
    text = "\n".join(["def evaluate(point, memory):", *lines, f"    arrays = {everything}",
                      "    return inner(point, *arrays)", ""])
    return numba.njit(compile_numba_function_src(
        text, "evaluate", global_env={**_SEEN, "carray": numba.carray, "inner": inner}))


def _taken(place: Place) -> str:
    """Text that reads an array out of memory."""
    size = np.dtype(place.dtype).itemsize
    dtype = "np.bool_" if place.dtype == "bool" else f"np.{place.dtype}"
    start, stop = place.start // size, place.stop // size
    return f"carray(memory, ({stop},), {dtype})[{start}:{stop}].reshape({place.shape})"


def _graph(model: PrevalenceModel, inputs: ModelInputs, layout: tuple[Place, ...], found: Coordinates) -> Any:
    """PyTensor's function of the flat point and the arrays: log density and gradient."""
    import pytensor
    import pytensor.tensor as pt
    from pytensor.graph import rewrite_graph
    from pytensor.graph.replace import clone_replace

    from sbc_prevalence.model.build import build

    built = build(model, inputs)
    density = rewrite_graph(built.logp(), include=["canonicalize", "stabilize"])
    gradient = pt.concatenate([piece.ravel() for piece in pt.grad(density, built.value_vars)])
    point = pt.TensorType("float64", shape=(found.n,))(POINT)
    free = {rv.name: built.rvs_to_values[rv] for rv in built.free_RVs}
    cuts = np.cumsum([0, *(int(np.prod(shape)) for shape in found.free.values())])
    swaps: dict[Any, Any] = {free[name]: point[start:stop].reshape(shape) for (name, shape), start, stop in
                             zip(found.free.items(), cuts[:-1], cuts[1:], strict=True)}
    data = {variable.name: variable for variable in built.data_vars}
    given = [data[place.name].type(name=place.name) for place in layout]
    swaps.update({data[place.name]: variable for place, variable in zip(layout, given, strict=True)})
    outputs = clone_replace([density, gradient], swaps)
    return pytensor.function([point, *given], outputs, mode="NUMBA", on_unused_input="ignore")
