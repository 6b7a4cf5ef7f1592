"""One NetCDF file per fit: written beside its place and moved there whole, checked by content when read."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.posterior.codec import digest

FORMAT = "sbc_prevalence fit"
FORMAT_VERSION = 1
DESCRIPTION, BOOLEAN = "description", "boolean"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class StoredFit:
    """Contents of a file: groups of named arrays with their dimensions, and a plain description.

    Parameters
    ----------
    groups : mapping of group to mapping of name to array
    dims : mapping of ``group/name`` to tuple of str
        Names of dimensions, where they have one.
    description : Any
        Plain JSON.
    attributes : mapping of str to str
        For readers who open the file with other tools; not read back.
    """

    groups: Mapping[str, Arrays]
    dims: Mapping[str, tuple[str, ...]]
    description: Any
    attributes: Mapping[str, str]

    def digest(self) -> str:
        """SHA-256 of the description and of every array."""
        flat = {f"{group}/{name}": array for group, arrays in self.groups.items() for name, array in arrays.items()}
        return digest({"description": self.description, "format": FORMAT_VERSION}, flat)


def write_fit(path: Path, stored: StoredFit) -> Path:
    """Write a fit so that the path holds the old file or the whole new one, never a part.

    Raises
    ------
    ReleaseError
        If the folder does not exist or cannot be written.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ReleaseError(f"the folder of '{path.name}' does not exist. Make it first.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        _write(partial, stored)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.chmod(0o644)
        os.replace(partial, path)
    except OSError as problem:
        raise ReleaseError(f"'{path.name}' could not be written: {problem.strerror or problem}. "
                           "Free space or choose another folder.") from problem
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _write(path: Path, stored: StoredFit) -> None:
    with h5netcdf.File(path, "w") as file:
        text = json.dumps(stored.description, sort_keys=True).encode()
        file.attrs["format"] = FORMAT
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["content_sha256"] = stored.digest()
        for name, value in stored.attributes.items():
            file.attrs[name] = value
        _put(file, DESCRIPTION, np.frombuffer(text, dtype=np.uint8), ("description_bytes",))
        for group, arrays in stored.groups.items():
            place = file.create_group(group)
            for name, array in arrays.items():
                _put(place, name, array, stored.dims.get(f"{group}/{name}"))


def _put(place: Any, name: str, array: NDArray[Any], dims: tuple[str, ...] | None) -> None:
    used = []
    for axis, size in enumerate(array.shape):
        wanted = dims[axis] if dims is not None else f"{name}_dim_{axis}"
        if wanted in place.dimensions and place.dimensions[wanted].size != size:
            wanted = f"{name}_{wanted}"
        if wanted not in place.dimensions:
            place.dimensions[wanted] = size
        used.append(wanted)
    boolean = array.dtype == np.bool_
    variable = place.create_variable(name, tuple(used), data=array.astype(np.int8) if boolean else array)
    if boolean:
        variable.attrs[BOOLEAN] = "true"


def read_fit(path: Path) -> StoredFit:
    """Read a fit and check that it is whole.

    Raises
    ------
    ReleaseError
        If the file is absent, cut short, altered, or not a fit of this package.
    """
    path = Path(path)
    if not path.is_file():
        raise ReleaseError(f"there is no fit at '{path.name}'. Run the fit, or give the path of its NetCDF file.")
    try:
        stored, said = _read(path)
    except ReleaseError:
        raise
    except Exception as problem:
        raise ReleaseError(f"'{path.name}' cannot be read: it is cut short or altered. Use another copy, or run the "
                           "fit again.") from problem
    if stored.digest() != said:
        raise ReleaseError(f"'{path.name}' is altered or cut short: its content does not match the sum written with "
                           "it. Use another copy, or run the fit again.")
    return stored


def _read(path: Path) -> tuple[StoredFit, str]:
    with h5netcdf.File(path, "r") as file:
        if file.attrs.get("format") != FORMAT:
            raise ReleaseError(f"'{path.name}' is not a fit of this package. Give the NetCDF file of a saved fit.")
        if int(file.attrs["format_version"]) > FORMAT_VERSION:
            raise ReleaseError(f"'{path.name}' was written by a newer version of the package. Update the package.")
        description = json.loads(np.asarray(file[DESCRIPTION][...], dtype=np.uint8).tobytes())
        groups: dict[str, dict[str, NDArray[Any]]] = {}
        dims: dict[str, tuple[str, ...]] = {}
        for group in file.groups:
            groups[group] = {}
            for name, variable in file[group].variables.items():
                array = np.asarray(variable[...])
                groups[group][name] = array.astype(bool) if BOOLEAN in variable.attrs else array
                dims[f"{group}/{name}"] = tuple(variable.dimensions)
        attributes = {str(k): str(v) for k, v in file.attrs.items()
                      if k not in ("format", "format_version", "content_sha256")}
        return StoredFit(groups, dims, description, attributes), str(file.attrs["content_sha256"])
