"""The release folder: built beside its place, put there whole, or not at all."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pandas as pd

from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.release import swap
from sbc_prevalence.release.content import BANNER, TABLE_COLUMNS, ReleaseContent
from sbc_prevalence.release.figures import draw_figures
from sbc_prevalence.release.manifest import (
    MANIFEST,
    internal_manifest,
    public_manifest,
    read_manifest,
    to_json,
)
from sbc_prevalence.release.report import render_report
from sbc_prevalence.release.rounding import UNITS_FOR_A_RATE, public_content
from sbc_prevalence.release.tables import neutralised
from sbc_prevalence.release.words import credible

PUBLIC, INTERNAL, FIGURES, README = "public", "internal", "figures", "README.txt"
UNROUNDED: Final = "unrounded"
STATUS_COLUMN: Final = "release_status"

_ABOUT: Final[Mapping[str, str]] = {
    "estimates": "newly diagnosed and living, by area, year, presentation and duration; also per 100,000",
    "implied_duration": "living divided by deaths, in years; the denominator is named in each row",
    "sensitivity": "the national table (and the areas, for the area spread) under other choices",
    "deaths_fit": "certified deaths beside deaths replicated from the fit",
    "prior_posterior": "parameters before and after the data",
    "prior_predictive": "what the priors alone imply, beside the posterior",
    "shares": "shares of the answer that rest on what was not observed",
    "identifiability": "reported figures before and after the data: what was narrowed, area by area",
    "influence": "which source and which priors each figure rests on, area by area",
    "conflict": "each source left out in turn: what the others predict for it, and the figures without it",
    "decomposition": "the living by what a source of registrations knows of them",
    "coverage": "which area-years rest on which kind of evidence",
    "priors": "every prior with its source, or judgement and the reason",
    "comparisons": "figures that others have published, and what they count",
    "diagnostics": "sampler diagnostics of reported quantities",
    "sources": "publishers, titles, years and licences of the data",
    "records_attrition": "rows of patient records removed by each rule of the case definition, rounded",
    "records_disagreements": "people in several extracts whose facts differ, rounded",
}


def write_release(
    out: Path, content: ReleaseContent, *, internal: Mapping[str, Callable[[Path], None]],
    created: datetime | None = None,
) -> Path:
    """Write a release folder, whole or not at all.

    Parameters
    ----------
    out : Path
        The folder to make. If it exists it must be empty, or a release to be replaced.
    content : ReleaseContent
        Unrounded; rounded numbers go to `public/`, these to `internal/unrounded/`.
    internal : mapping of str to callable
        File name in `internal/` and the function that writes it, given its path. `draws.nc` is what
        `Release.draws` reads.
    created : datetime, optional
        Time of making (UTC); default now.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    ReleaseError
        If `out` holds anything but a release, or an internal file name leads outside.

    Notes
    -----
    A failure or a kill leaves the release that stood at `out` as it was.
    """
    out = Path(out).resolve()
    created = (created or datetime.now(UTC)).astimezone(UTC)
    _check_names(internal)
    out.parent.mkdir(parents=True, exist_ok=True)
    swap.recover(out)
    swap.clear_stale(out)
    check_replaceable(out)
    building = Path(tempfile.mkdtemp(prefix=swap.partial_prefix(out), dir=out.parent))
    try:
        building.chmod(0o755)
        _fill(building, content, internal, created)
        swap.sync_tree(building)
        check_replaceable(out)
        swap.put_in_place(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def check_replaceable(out: Path) -> None:
    """Refuse a place where writing a release would destroy something else.

    Raises
    ------
    ReleaseError
        If `out` is a file, a folder that is not a release, or a release with files added by hand.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise ReleaseError(f"'{out.name}' is a file: give the name of a folder that does not exist yet.")
    if not any(out.iterdir()):
        return
    try:
        listed = {f"{PUBLIC}/{name}" for name in read_manifest(out / PUBLIC)["files"]}
        if (out / INTERNAL / MANIFEST).is_file():
            listed |= {f"{INTERNAL}/{name}" for name in read_manifest(out / INTERNAL)["files"]}
    except ReleaseError as error:
        raise ReleaseError(
            f"'{out.name}' exists and is not a release, so nothing is written there. Give the name of a "
            "folder that does not exist yet, or move what is there.") from error
    listed |= {f"{PUBLIC}/{MANIFEST}", f"{INTERNAL}/{MANIFEST}"}
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if not p.is_dir()}
    added = sorted(name for name in there - listed if Path(name).name not in (".DS_Store", "Thumbs.db"))
    if added:
        raise ReleaseError(
            f"'{out.name}' is a release with {len(added)} file(s) that were added to it (first: {added[0]}). "
            "Replacing it would delete them: move them, or write to another folder.")


def _check_names(internal: Mapping[str, Callable[[Path], None]]) -> None:
    """Internal files are plain names that do not collide with ours."""
    bad = [name for name in internal if not name or Path(name).name != name or "\\" in name
           or name in (MANIFEST, README, UNROUNDED, ".", "..")]
    if bad:
        raise ReleaseError(f"internal file names must be plain names of their own; not: {', '.join(bad)}")


def _fill(
    building: Path, content: ReleaseContent, internal: Mapping[str, Callable[[Path], None]], created: datetime
) -> None:
    """Write both halves; each manifest last in its half, the public one last of all."""
    public, inside = building / PUBLIC, building / INTERNAL
    (public / FIGURES).mkdir(parents=True)
    (inside / UNROUNDED).mkdir(parents=True)
    shown = public_content(content)
    release_id = _write_tables(public, shown)
    for drawing in (figures := draw_figures(shown)).values():
        _write(public / FIGURES / f"{drawing.name}.svg", drawing.file_text)
    _write(public / "report.html", render_report(shown, figures, created=created, release_id=release_id))
    _write(public / README, _public_readme(shown))
    _write_tables(inside / UNROUNDED, content, status="internal: must not leave the building")
    _write(inside / README, f"INTERNAL: must not leave the building.\n\n{content.title}\n{content.scope}\n\n"
           "Draws, the fit and unrounded numbers. No disclosure control has been applied.\n")
    for name, writer in internal.items():
        writer(inside / name)
        if not (inside / name).is_file():
            raise ReleaseError(f"the writer of the internal file '{name}' wrote no file")
    _write(inside / MANIFEST, to_json(internal_manifest(inside, release_id)))
    swap.sync_tree(building)
    manifest = public_manifest(shown, public, created=created, release_id=release_id)
    _write(public / MANIFEST, to_json(manifest))


def _write_tables(folder: Path, content: ReleaseContent, status: str = BANNER) -> str:
    """Write every table; returns a hash over them and over what the run was made from."""
    digest = hashlib.sha256()
    about = {"config": content.config_text, "inputs": dict(content.input_hashes), "seed": content.seed,
             "versions": dict(content.versions), "title": content.title, "scope": content.scope}
    digest.update(to_json(about).encode())
    for name in TABLE_COLUMNS:
        if name in content.tables:
            text = csv_text(content.tables[name], status)
            digest.update(name.encode() + b"\0" + text.encode())
            _write(folder / f"{name}.csv", text)
    return digest.hexdigest()


def csv_text(frame: pd.DataFrame, status: str = BANNER) -> str:
    """A table as CSV (UTF-8, comma, newline), whole numbers without a decimal point, formulas neutralised."""
    out = neutralised(frame)
    for column in out.select_dtypes("float"):
        values = out[column]
        if ((values % 1 == 0) | values.isna()).all():
            out[column] = values.astype("Int64")
    out[STATUS_COLUMN] = status
    text = out.to_csv(index=False, lineterminator="\n")
    assert isinstance(text, str)
    return text


def _write(path: Path, text: str) -> None:
    """Write text as UTF-8 with plain newlines."""
    path.write_text(text, encoding="utf-8", newline="\n")


def _public_readme(content: ReleaseContent) -> str:
    """What the folder holds and how to read its numbers."""
    few = UNITS_FOR_A_RATE * content.rounding_unit
    files = "\n".join(f"  {name}.csv: {_ABOUT[name]}" for name in TABLE_COLUMNS if name in content.tables)
    return f"""{BANNER.upper()}

{content.title}
Who is counted: {content.scope}

Files
  report.html: the report; open it in any browser
{files}
  figures/: the figures of the report (SVG)
  manifest.json: inputs, versions, seed, configuration, diagnostics and the SHA-256 of every file

How to read the numbers
  median, lower, upper: {credible(content.headline)}; the level is in ci_prob, the kind in ci_kind
  basis: expected (rates and trends) or realised (counts of persons, with the noise of counts)
  year: the whole calendar year; the living are counted at the end of index_date
  projected: True where the year lies beyond the data
  unit: persons, or persons per 100,000
  Persons are rounded to {content.rounding_words}, bounds outward. Rates are made from rounded persons, and
  empty where these are fewer than {few} (or {UNITS_FOR_A_RATE} units): rounding alone would move them by more
  than a sixth. Years are rounded to 0.1 and shares to 0.01. Each number is rounded on its own and medians do not add up.
  Text that a spreadsheet would run as a formula begins with an apostrophe.
  {STATUS_COLUMN}: what may be done with the row.

{content.words["what_data_inform"]}
{content.words["what_they_do_not"]}
{content.words["boards_rest_on"]}
{content.words["projection"]}
"""
