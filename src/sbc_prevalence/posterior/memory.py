"""Arrays of a study side by side in one block of memory, at places that depend on their shapes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = 8
KINDS: dict[str, np.dtype[Any]] = {
    "f": np.dtype(np.float64), "i": np.dtype(np.int32), "u": np.dtype(np.int32), "b": np.dtype(np.bool_)}


def stored(value: Any) -> NDArray[Any]:
    """An array in the one type that its kind is stored in: float64, int32 (as PyMC has it) or bool.

    Raises
    ------
    TypeError
        If it holds something else than numbers or truth values.
    """
    array = np.asarray(value)
    if array.dtype.kind not in KINDS:
        raise TypeError(f"an array of type {array.dtype} cannot enter a compiled program. Give numbers.")
    return array.astype(KINDS[array.dtype.kind], order="C")


@dataclass(frozen=True)
class Place:
    """Where one array lies.

    Parameters
    ----------
    name, dtype : str
    shape : tuple of int
    start : int
        In bytes, a multiple of eight.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        """One past its last byte."""
        return self.start + int(np.prod(self.shape, dtype=int)) * np.dtype(self.dtype).itemsize


def places(arrays: Mapping[str, Any]) -> tuple[Place, ...]:
    """Places of arrays in the order of their names, each beginning on a word."""
    found: list[Place] = []
    start = 0
    for name in sorted(arrays):
        value = stored(arrays[name])
        found.append(Place(name, value.dtype.name, value.shape, start))
        start = -(-found[-1].stop // WORD) * WORD
    return tuple(found)


def packed(arrays: Mapping[str, Any], layout: tuple[Place, ...]) -> NDArray[np.uint8]:
    """The block of memory with the arrays in their places.

    Raises
    ------
    ValueError
        If an array has another shape or kind than its place.
    """
    block = np.zeros(max(layout[-1].stop if layout else 0, WORD), dtype=np.uint8)
    for place in layout:
        value = stored(arrays[place.name])
        if value.shape != place.shape or value.dtype.name != place.dtype:
            raise ValueError(f"'{place.name}' is {value.dtype.name} {value.shape}; "
                             f"its place is for {place.dtype} {place.shape}")
        block[place.start:place.stop] = np.frombuffer(value.tobytes(), dtype=np.uint8)
    block.flags.writeable = False
    return block
