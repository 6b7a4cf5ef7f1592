"""Read a release anywhere: tables from `public/`, draws where `internal/` is there. No PyMC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sbc_prevalence.errors import ReleaseError, program
from sbc_prevalence.release.content import BANNER, ESTIMATES, LIVING, NEWLY, RATES
from sbc_prevalence.release.manifest import MANIFEST, read_manifest, verify
from sbc_prevalence.release.tables import BY, select
from sbc_prevalence.release.words import credible, date_words, decimal, persons

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

DRAWS = "draws.nc"
VARIABLES: Mapping[tuple[str, str], str] = {
    (LIVING, "expected"): "prevalence", (LIVING, "realised"): "prevalence_rep",
    (NEWLY, "expected"): "incidence", (NEWLY, "realised"): "newly_diagnosed",
}
MEMBERSHIP = "membership"
"""Variable of the draws: 1 where an area belongs to a group, dims group and area."""
_KEPT = {"nation": (), "area": ("area",), "group": ("area",), "presentation": ("presentation",),
         "duration": ("duration",), "year": ("year",)}
_TEXT = ("area_code", "area_name", "area_level", "index_date", "presentation", "duration_band", "unit",
         "ci_kind", "rests_on", "scenario", "group", "published", "date", "source", "year_of_publication")


@dataclass(frozen=True)
class ReleasedQuantity:
    """One quantity of a release, split one way.

    Parameters
    ----------
    release : Release
    quantity : str
        `living` or `newly_diagnosed`.
    by, basis, per_100k, year
        See `Release.point_prevalence`.
    """

    release: "Release"
    quantity: str
    by: str
    basis: str
    per_100k: bool = False
    year: int | None = None

    def table(self, ci_prob: float | None = None) -> pd.DataFrame:
        """Tidy rows: keys, unit, median, lower, upper, level and kind of the interval, projected.

        Parameters
        ----------
        ci_prob : float, optional
            Level of the interval. A release holds one level; another needs `.draws`.

        Raises
        ------
        ReleaseError
            If another level is asked for, or the release holds no such rows.
        """
        held = float(self.release.headline["ci_prob"])
        if ci_prob is not None and abs(ci_prob - held) > 1e-9:
            raise ReleaseError(f"the release holds intervals at ci_prob={held:g}; for another level use "
                               ".draws, "
                               "which needs internal/")
        name = RATES[self.quantity] if self.per_100k else self.quantity
        return select(self.release.tables[ESTIMATES], self.release.headline, name, by=self.by,
                      basis=self.basis, year=self.year)

    @property
    def draws(self) -> "xr.DataArray":
        """Draws with dimensions chain, draw and the axis of the split; persons.

        Areas are summed unless split by area; likewise presentations and durations. The year is the
        headline's unless split by year.
        """
        if self.per_100k:
            raise ReleaseError("draws are persons: ask with per_100k=False and divide by your population")
        name = VARIABLES[self.quantity, self.basis]
        data = self.release.draws
        kept = _KEPT[self.by]
        candidates = [
            v for v in (f"{name}_by_{self.by}", name) if v in data and set(kept) <= set(data[v].dims)]
        if not candidates:
            raise ReleaseError(f"the draws of this release hold no '{name}' by {self.by}; they hold: "
                               f"{', '.join(map(str, data.data_vars))}")
        array = data[candidates[0]]
        if "year" in array.dims and self.by != "year":
            array = array.sel(year=int(self.release.headline["year"]) if self.year is None else self.year)
        extra = [d for d in array.dims if d not in ("chain", "draw", *kept)]
        array = array.sum(extra) if extra else array
        if self.by != "group":
            return array
        if MEMBERSHIP not in data:
            raise ReleaseError("this release has no groups of areas")
        return array.dot(data[MEMBERSHIP], dim="area")

    def plot(self) -> "Figure":
        """A matplotlib figure from the public numbers: a line over years, or one interval for each row."""
        from sbc_prevalence.prevalence.plots import plot_table

        return plot_table(self.table(), by=() if self.by == "nation" else (self.by,),
                          scope=f"{BANNER}. {self.release.scope}")

    def __repr__(self) -> str:
        rows = self._short().to_string(index=False)
        return f"{self.quantity} ({self.basis}) by {self.by}; {BANNER}\n{rows}"

    def _repr_html_(self) -> str:
        title = escape(f"{self.quantity.replace('_', ' ')} ({self.basis}) by {self.by}: {BANNER}")
        return f"<p><strong>{title}</strong></p>{self._short().to_html(index=False, border=0)}"

    def _short(self) -> pd.DataFrame:
        """The columns that a reader looks at first."""
        rows = self.table()
        keys = {"area": ["area_name"], "group": ["area_name"], "presentation": ["presentation"],
                "duration": ["duration_band"], "year": ["year", "projected"], "nation": ["area_name", "year"]}[self.by]
        return rows[[*keys, "median", "lower", "upper", "unit", "ci_prob", "ci_kind"]]


@dataclass(frozen=True)
class Release:
    """A release that was read and verified.

    Parameters
    ----------
    public : Path
        The folder that was read.
    internal : Path or None
        The folder with draws, if it is there.
    manifest : mapping
    tables : mapping of str to DataFrame
        Every public table, by name.
    """

    public: Path
    internal: Path | None
    manifest: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(repr=False)

    @property
    def headline(self) -> dict[str, Any]:
        """The headline numbers: living, newly diagnosed, implied duration, with intervals and their level."""
        return dict(self.manifest["headline"])

    @property
    def title(self) -> str:
        """Title of the report."""
        return str(self.manifest["title"])

    @property
    def scope(self) -> str:
        """Who is counted."""
        return str(self.manifest["scope"])

    @property
    def report(self) -> Path:
        """Path of the HTML report."""
        return self.public / "report.html"

    def point_prevalence(
        self, by: str = "nation", *, basis: str | None = None, per_100k: bool = False, year: int | None = None
    ) -> ReleasedQuantity:
        """Persons living with it at the end of the year.

        Parameters
        ----------
        by : {"nation", "area", "group", "presentation", "duration", "year"}
        basis : {"expected", "realised"}, optional
            Default: that of the headline.
        per_100k : bool
        year : int, optional
            Default: the year of the headline.
        """
        return self._quantity(LIVING, by, basis, per_100k, year)

    def newly_diagnosed(
        self, by: str = "nation", *, basis: str | None = None, per_100k: bool = False, year: int | None = None
    ) -> ReleasedQuantity:
        """Persons newly diagnosed in the year; arguments as in `point_prevalence`."""
        return self._quantity(NEWLY, by, basis, per_100k, year)

    def _quantity(
        self, quantity: str, by: str, basis: str | None, per_100k: bool, year: int | None
    ) -> ReleasedQuantity:
        """Check the words, then hand back a view."""
        if by not in BY:
            raise ReleaseError(f"by='{by}' is not known; use one of {', '.join(BY)}")
        chosen = basis or str(self.headline["basis"])
        if (quantity, chosen) not in VARIABLES:
            raise ReleaseError(f"basis='{chosen}' is not known; use expected or realised")
        return ReleasedQuantity(self, quantity, by, chosen, per_100k, year)

    @property
    def draws(self) -> "xr.Dataset":
        """Posterior draws of the published quantities, from `internal/`.

        Raises
        ------
        ReleaseError
            If `internal/` is absent, altered, or belongs to another release.
        """
        if self.internal is None:
            raise ReleaseError(
                "this copy of the release has no internal/ folder, so it holds no draws: they stay where the "
                "release was made. Use .table(), or read the release there.")
        manifest = read_manifest(self.internal)
        if manifest.get("release_id") != self.manifest["release_id"]:
            raise ReleaseError("internal/ belongs to another release than public/: take both from one run.")
        if DRAWS not in manifest["files"]:
            raise ReleaseError(f"internal/ of this release holds no {DRAWS}.")
        verify(self.internal, {"files": {DRAWS: manifest["files"][DRAWS]}})
        import xarray as xr

        return xr.load_dataset(self.internal / DRAWS, engine="h5netcdf")

    def headline_table(self) -> pd.DataFrame:
        """The headline as three rows: quantity, when, unit, median, lower, upper, level and kind."""
        head = self.headline
        rows = [
            (LIVING, head["index_date"], "persons"), (NEWLY, str(head["year"]), "persons"),
            ("implied_duration", str(head["year"]), "years")]
        return pd.DataFrame([
            {"quantity": q, "area_name": head["area_name"], "when": when, "unit": unit,
             "median": head[f"{q}_median"], "lower": head[f"{q}_lower"], "upper": head[f"{q}_upper"],
             "ci_prob": head["ci_prob"], "ci_kind": head["ci_kind"]} for q, when, unit in rows])

    def __repr__(self) -> str:
        lines = "\n".join(f"  {a}: {b}" for a, b in self._lines())
        return f"{self.title}\n{self.scope}\n{lines}\n  {credible(self.headline)}\n  {BANNER}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row">{escape(a)}</th><td>{escape(b)}</td></tr>' for a, b in self._lines())
        return (f"<p><strong>{escape(self.title)}</strong><br>{escape(self.scope)}</p>"
                f"<table><caption>Median ({escape(credible(self.headline))})</caption>{rows}</table>"
                f"<p><strong>{escape(BANNER)}</strong></p>")

    def _lines(self) -> list[tuple[str, str]]:
        """Headline numbers in words."""
        h = self.headline

        def span(q: str) -> str:
            show = decimal if q == "implied_duration" else persons
            return f"{show(h[f'{q}_median'])} ({show(h[f'{q}_lower'])} to {show(h[f'{q}_upper'])})"

        return [
            (f"Living in {h['area_name']} on {date_words(h['index_date'])}", f"{span(LIVING)} persons"),
            (f"Newly diagnosed in {h['year']}", f"{span(NEWLY)} persons"),
            (f"Implied duration in {h['year']}", f"{span('implied_duration')} years")]


def read_release(path: Path | str) -> Release:
    """Read a release folder, or its folder `public/` alone, after checking every file against its hash.

    Parameters
    ----------
    path : path
        The folder that holds `public/`, or `public/` itself under any name.

    Raises
    ------
    ReleaseError
        If it is not a release, or a file is missing or altered.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ReleaseError(f"there is no folder '{path}'. {program()} run CONFIG --out {path}  makes a release there; "
                           "without --out it is made in releases/NAME.")
    alone = (folder / MANIFEST).is_file() and not (folder / "public").is_dir()
    public = folder if alone else folder / "public"
    if not public.is_dir():
        raise ReleaseError(f"'{path}' holds no folder public/: it is not a release. {program()} run CONFIG  "
                           "makes one.")
    root = public.resolve().parent if public.resolve().name == "public" else None
    inside = root / "internal" if root is not None and (root / "internal" / MANIFEST).is_file() else None
    manifest = read_manifest(public)
    verify(public, manifest)
    tables = {Path(name).stem: _read_table(public / name)
              for name in manifest["files"] if name.endswith(".csv") and "/" not in name}
    if ESTIMATES not in tables:
        raise ReleaseError(f"the release in '{path}' holds no {ESTIMATES}.csv")
    return Release(public, inside, manifest, tables)


def _read_table(path: Path) -> pd.DataFrame:
    """A public table with its text columns as text; empty text stays empty, missing numbers are NaN."""
    head = pd.read_csv(path, nrows=0).columns
    texts = {c: str for c in head if c in _TEXT}
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={
        c: [""] for c in head if c not in _TEXT})
