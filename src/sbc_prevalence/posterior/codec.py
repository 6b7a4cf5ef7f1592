"""Frozen descriptions as plain JSON and named arrays, and back: what a saved fit is made of. Never a pickle."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from json import dumps
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import SbcPrevalenceError
from sbc_prevalence.evidence.primaries import PrimarySeries
from sbc_prevalence.evidence.recurrence_table import RecurrenceTable
from sbc_prevalence.grid import AgeBands, AreaSet, StudyGrid
from sbc_prevalence.model.age_inputs import AgeInputs
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.areas import AREA_EFFECTS
from sbc_prevalence.model.attribution import DeathAttribution
from sbc_prevalence.model.completeness import COMPLETENESS, CompletenessSource
from sbc_prevalence.model.delay import ReportingDelay
from sbc_prevalence.model.flow import RegistrationFlow
from sbc_prevalence.model.inputs import CellGrid, ModelInputs, SurvivalPoints
from sbc_prevalence.model.natural_history import NaturalHistoryIncidence
from sbc_prevalence.model.observing import OBSERVATIONS
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.smooth_incidence import SmoothIncidence
from sbc_prevalence.model.survival import FAMILIES
from sbc_prevalence.posterior.gate import GateLimits, GateReport

Arrays = dict[str, NDArray[Any]]

CLASSES: dict[str, type[Any]] = {cls.__name__: cls for cls in (
    AreaSet,
    StudyGrid,
    PrimarySeries,
    RecurrenceTable,
    SurvivalPoints,
    CellGrid,
    CompletenessSource,
    ReportingDelay,
    RegistrationFlow,
    ModelInputs,
    PrevalenceModel,
    NaturalHistoryIncidence,
    SmoothIncidence,
    DeathAttribution,
    AgeBands,
    AgeInputs,
    AgeStructure,
    GateLimits,
    GateReport,
    *FAMILIES.values(),
    *COMPLETENESS.values(),
    *AREA_EFFECTS.values(),
    *OBSERVATIONS,
)}


class CodecError(SbcPrevalenceError):
    """A description that cannot be written, or a stored one that cannot be read."""


def encode(value: Any, arrays: Arrays, path: str = "") -> Any:
    """Plain JSON of a value; its arrays go to `arrays` under their path.

    Raises
    ------
    CodecError
        If the value is neither plain, an array, a frame nor one of `CLASSES`.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return encode(value.item(), arrays, path)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "bif":
            return {"__texts__": [str(v) for v in value.ravel()], "shape": list(value.shape)}
        arrays[path] = value
        return {"__array__": path}
    if isinstance(value, pd.DataFrame):
        return {"__frame__": [[str(name), _encode_column(value[name], arrays, f"{path}.{name}")]
                              for name in value.columns], "rows": len(value)}
    if isinstance(value, Mapping):
        return {"__map__": [[encode(k, arrays, f"{path}.key"), encode(v, arrays, f"{path}.{k}")]
                            for k, v in value.items()]}
    if isinstance(value, (tuple, list)):
        mark = "__tuple__" if isinstance(value, tuple) else "__list__"
        return {mark: [encode(v, arrays, f"{path}.{i}") for i, v in enumerate(value)]}
    name = type(value).__name__
    if is_dataclass(value) and CLASSES.get(name) is type(value):
        return {"__class__": name, "fields": {
            f.name: encode(getattr(value, f.name), arrays, f"{path}.{f.name}") for f in fields(value) if f.init}}
    raise CodecError(f"'{path}' of type {name} cannot be stored. Add its class to posterior.codec.CLASSES.")


def _encode_column(column: pd.Series, arrays: Arrays, path: str) -> Any:
    dtype = str(column.dtype)
    if column.dtype.kind in "bif" and isinstance(column.dtype, np.dtype):
        return {"dtype": dtype, "values": encode(column.to_numpy(), arrays, path)}
    plain = [None if pd.isna(v) else (v if isinstance(v, (bool, int, float, str)) else _plain(v)) for v in column]
    return {"dtype": dtype, "values": plain}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def decode(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """The value that `encode` wrote.

    Raises
    ------
    CodecError
        If the text names a class or an array that is not there.
    """
    if not isinstance(value, dict):
        return value
    found = _DECODERS.get(next(iter(value), ""))
    if found is None:
        raise CodecError("the stored description is in a form that this version does not know.")
    return found(value, arrays)


def _array(value: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    if value["__array__"] not in arrays:
        raise CodecError(f"the array '{value['__array__']}' is missing.")
    return arrays[value["__array__"]]


def _texts(value: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    return np.array(value["__texts__"], dtype=object).reshape(value["shape"])


def _frame(value: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    return pd.DataFrame(
        {name: pd.Series(decode(c["values"], arrays), dtype=c["dtype"]) for name, c in value["__frame__"]},
        index=pd.RangeIndex(value["rows"]), columns=[name for name, _ in value["__frame__"]])


def _object(value: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Any:
    cls = CLASSES.get(value["__class__"])
    if cls is None:
        raise CodecError(f"the class '{value['__class__']}' is not known to this version.")
    known = {f.name for f in fields(cls) if f.init}
    if extra := set(value["fields"]) - known:
        raise CodecError(f"{value['__class__']} has no field {', '.join(sorted(extra))} in this version.")
    return cls(**{name: decode(v, arrays) for name, v in value["fields"].items()})


_DECODERS: dict[str, Callable[[dict[str, Any], Mapping[str, NDArray[Any]]], Any]] = {
    "__array__": _array, "__texts__": _texts, "__frame__": _frame, "__class__": _object,
    "__map__": lambda v, a: {decode(k, a): decode(x, a) for k, x in v["__map__"]},
    "__tuple__": lambda v, a: tuple(decode(x, a) for x in v["__tuple__"]),
    "__list__": lambda v, a: [decode(x, a) for x in v["__list__"]],
}


def array_digest(name: str, array: NDArray[Any]) -> bytes:
    """Hash of one named array: name, type, shape and content."""
    flat = np.ascontiguousarray(array)
    head = f"{name}|{flat.dtype.newbyteorder('<').str}|{array.shape}|".encode()
    return sha256(head + flat.astype(flat.dtype.newbyteorder("<"), copy=False).tobytes()).digest()


def digest(description: Any, arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of a description and its arrays, in an order of its own."""
    found = sha256(dumps(description, sort_keys=True).encode())
    for name in sorted(arrays):
        found.update(array_digest(name, arrays[name]))
    return found.hexdigest()
