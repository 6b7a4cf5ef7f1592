"""The manifest: what a release was made from, what it holds, and whether it still does."""

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.release.content import BANNER, ReleaseContent

FORMAT: Final = "sbc_prevalence release"
FORMAT_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_BLOCK = 1 << 20


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def file_hashes(folder: Path) -> dict[str, dict[str, Any]]:
    """SHA-256 and size of every file below a folder, by path, the manifest left out."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST:
            found[name] = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    return found


def public_manifest(
    content: ReleaseContent, folder: Path, *, created: datetime, release_id: str
) -> dict[str, Any]:
    """What `public/manifest.json` holds. `content` is the rounded content."""
    return {
        "format": FORMAT, "format_version": FORMAT_VERSION, "status": BANNER, "release_id": release_id,
        "title": content.title, "scope": content.scope, "created": created.isoformat(timespec="seconds"),
        "headline": dict(content.headline), "rounding_unit": content.rounding_unit,
        "rounding_units": {q: dict(u) for q, u in content.rounding_units.items()}, "seed": content.seed,
        "words": dict(content.words), "versions": dict(content.versions),
        "inputs": dict(content.input_hashes),
        "diagnostics": dict(content.diagnostics), "config": content.config_text, "files": file_hashes(folder)}


def internal_manifest(folder: Path, release_id: str) -> dict[str, Any]:
    """What `internal/manifest.json` holds: the files and the release they belong to."""
    return {
        "format": FORMAT, "format_version": FORMAT_VERSION, "status": "Internal: must not leave the building",
        "release_id": release_id, "files": file_hashes(folder)}


def to_json(values: Mapping[str, Any]) -> str:
    """JSON text; NaN and infinity become null, NumPy numbers and dates become plain."""
    return json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Values that JSON knows."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises
    ------
    ReleaseError
        If there is none, or it is not one that this version reads.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ReleaseError(
            f"'{folder.name}' holds no {MANIFEST}: it is not a release, or its writing was interrupted. "
            "Give the folder that 'sbc-prevalence run' made, or its folder public/.")
    try:
        values = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path.name} of '{folder.name}' is not readable JSON: it was altered or cut "
                           "short. "
                           "Take the release again from where it was made.") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ReleaseError(f"{path.name} of '{folder.name}' is not the manifest of a release of this "
                           "package.")
    if values.get("format_version") != FORMAT_VERSION:
        raise ReleaseError(
            f"the release has format version {values.get('format_version')}; this version of the package "
            "reads "
            f"{FORMAT_VERSION}. Use the version of sbc_prevalence that wrote it.")
    if not isinstance(values.get("files"), dict):
        raise ReleaseError(f"{path.name} of '{folder.name}' lists no files.")
    return values


def verify(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Compare every listed file with its hash.

    Raises
    ------
    ReleaseError
        Listing every file that is missing, altered or named outside the folder.
    """
    problems = []
    for name, entry in manifest["files"].items():
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\\" in name:
            problems.append(f"{name}: is named outside the release")
            continue
        path = folder / name
        if not path.is_file():
            problems.append(f"{name}: is missing")
        elif not isinstance(entry, dict) or sha256_of(path) != entry.get("sha256"):
            problems.append(f"{name}: was altered after the release was made")
    if problems:
        listed = "\n".join(f"  {i}. {p}" for i, p in enumerate(problems, 1))
        raise ReleaseError(f"the release in '{folder.name}' is not as it was made:\n{listed}\n"
                           "Take it again from where it was made; nothing was read.")
