"""Running a trust's own number: read, estimate, write one folder whole or not at all."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sbc_prevalence.config.trust import TrustConfig
from sbc_prevalence.errors import ReleaseError
from sbc_prevalence.release import swap
from sbc_prevalence.release.tables import neutralised
from sbc_prevalence.trust.curves import published_prior
from sbc_prevalence.trust.page import in_words, render_page
from sbc_prevalence.trust.result import TrustResult, results
from sbc_prevalence.trust.sheet import read_sheet

PAGE, FIGURES, CHOICES, MANIFEST = "page.html", "figures.csv", "other_choices.csv", "manifest.json"
FORMAT: Final = "sbc-prevalence trust page"
FILES: Final = (PAGE, FIGURES, CHOICES, MANIFEST)


@dataclass(frozen=True)
class TrustPage:
    """What a run made.

    Parameters
    ----------
    release : Path
        The folder.
    report : Path
        The page.
    headline : str
        The answer as a table of text.
    result : TrustResult
    """

    release: Path
    report: Path
    headline: str
    result: TrustResult


@dataclass(frozen=True)
class TrustRun:
    """A trust's own number, checked before anything is written.

    Parameters
    ----------
    config : TrustConfig
    """

    config: TrustConfig

    def validate(self) -> str:
        """Read the sheet, and say what it holds.

        Raises
        ------
        DataError
            With every fault of the sheet in one list.
        """
        sheet = read_sheet(self.config)
        people = sheet.people
        lines = [f"{self.config.trust}: {sheet.rows:,} rows, {people.n:,} people counted by {self.config.index_date}",
                 f"  known to be living {sheet.n_known:,}, dead {int(people.dead.sum()):,}, "
                 f"lost or not seen since {int(people.lost.sum()):,}; counted apart {sheet.apart['people']:,}"]
        lines += [f"  {row['rule']!s}: {row['removed']} rows removed ({row['meaning']!s})"
                  for row in sheet.attrition.to_dict("records") if row["removed"]]
        lines += [f"  to look at: {p}" for p in sheet.warnings]
        return "\n".join([*lines, "No problem found."])

    def describe(self) -> str:
        """The prior of survival, and what it rests on."""
        lines = []
        for family in self.config.families:
            prior = published_prior(family)
            sd = prior.covariance.diagonal() ** 0.5
            lines.append(f"{family}: intercept {prior.mean[0]:.3f} (sd {sd[0]:.3f}), log shape {prior.mean[1]:.3f} "
                         f"(sd {sd[1]:.3f}), recurrent {prior.mean[2]:.3f} (sd {sd[2]:.3f}); studies: "
                         f"{', '.join(prior.studies)}")
        return "\n".join(lines)

    def run(self, out: Path, *, headline_only: bool = False, progress: bool = True) -> TrustPage:
        """Estimate, and write the page.

        Parameters
        ----------
        out : Path
            Folder of results; an earlier one of this kind is replaced as a whole.
        headline_only, progress : bool
            Without meaning here: a run takes seconds.

        Raises
        ------
        DataError
            With every fault of the sheet in one list.
        ReleaseError
            If the folder holds anything else.
        """
        del headline_only, progress
        out = Path(out).resolve()
        check_own(out)
        found = results(self.config, read_sheet(self.config))
        write_page(out, found)
        return TrustPage(out, out / PAGE, in_words(found), found)


def check_own(out: Path) -> None:
    """Refuse a folder that holds anything but an earlier page."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ReleaseError(f"'{out.name}' is a file: give the name of a folder that does not exist yet.")
    names = {path.name for path in out.iterdir()}
    if names and (not names <= set(FILES) or MANIFEST not in names or _format_of(out / MANIFEST) != FORMAT):
        raise ReleaseError(f"'{out.name}' holds other files: give the name of a folder that does not exist yet.")


def _format_of(path: Path) -> str:
    try:
        return str(json.loads(path.read_text("utf-8")).get("format"))
    except (OSError, ValueError, AttributeError):
        return ""


def write_page(out: Path, result: TrustResult) -> None:
    """Write page, figures and manifest beside their place, and put them there together."""
    out.parent.mkdir(parents=True, exist_ok=True)
    swap.recover(out)
    swap.clear_stale(out)
    building = Path(tempfile.mkdtemp(prefix=swap.partial_prefix(out), dir=out.parent))
    try:
        building.chmod(0o755)
        (building / PAGE).write_text(render_page(result), "utf-8")
        neutralised(result.table).to_csv(building / FIGURES, index=False)
        neutralised(result.choices).to_csv(building / CHOICES, index=False)
        hashes = {name: hashlib.sha256((building / name).read_bytes()).hexdigest() for name in (PAGE, FIGURES, CHOICES)}
        manifest = {"format": FORMAT, "version": version("sbc-prevalence"), "sheet_sha256": result.sheet.sha256,
                    "config": result.config.model_dump(mode="json"), "files": hashes}
        (building / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        swap.sync_tree(building)
        swap.put_in_place(building, out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
