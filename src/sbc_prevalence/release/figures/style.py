"""Looks shared by all figures: colours, type, footer, and reproducible SVG with a text alternative."""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from sbc_prevalence.release.content import BANNER

PURPLE, MAGENTA, BLUE, GREEN = "#3F3685", "#9B4393", "#0078D4", "#83BB26"
GRAPHITE, TEAL, INK, MUTED, RULE = "#948DA3", "#1E7F84", "#1F1B2E", "#5A5466", "#D9D6DF"
WIDTH = 7.2

RC: Final[Mapping[str, Any]] = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.edgecolor": MUTED, "axes.labelcolor": INK,
    "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8,
    "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "text.color": INK, "axes.grid": False,
    "grid.color": RULE, "grid.linewidth": 0.7, "legend.frameon": False, "legend.fontsize": 9,
    "svg.fonttype": "path", "svg.hashsalt": "sbc_prevalence", "figure.facecolor": "white",
    "savefig.facecolor": "white", "hatch.linewidth": 0.6, "axes.axisbelow": True, "path.simplify": True,
}


@dataclass(frozen=True)
class Drawing:
    """One figure with its words.

    Parameters
    ----------
    name : str
        File name without ending.
    title, caption, alt : str
        Heading, sentence under the figure, and text for those who do not see it.
    svg : str
        An `<svg>` element, self-contained, with `<title>` and `<desc>`; no XML declaration.
    """

    name: str
    title: str
    caption: str
    alt: str
    svg: str

    @property
    def file_text(self) -> str:
        """Text of a stand-alone SVG file."""
        return f'<?xml version="1.0" encoding="utf-8"?>\n{self.svg}\n'


def context() -> Any:
    """Settings under which every figure is drawn and saved."""
    return mpl.style.context(["default", dict(RC)])


def new_figure(height: float) -> Figure:
    """Figure of the common width, height in inches, without any global state."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def finish(figure: Figure, scope: str) -> None:
    """Write the banner and the scope below the figure."""
    figure.supxlabel(fill(f"{BANNER}. {scope}", 118), fontsize=7.5, color=MUTED, x=0.01, ha="left")


def thousands(axis: Any) -> None:
    """Label an axis 1,000 rather than 1000."""
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))


def years(axis: Any, values: Iterable[int], *, most: int = 9) -> None:
    """Ticks at whole years: each, or every fifth or tenth where there would be more of them than an axis has room for."""
    values = list(values)
    span = max(values) - min(values)
    axis.set_major_locator(MultipleLocator(1 if span < most else 5 if span <= 5 * most else 10))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))


def stretches(year: Any) -> list[Any]:
    """Positions of the years that follow each other, one array for each unbroken stretch; years ascend."""
    year = np.asarray(year)
    return np.split(np.arange(year.size), np.flatnonzero(np.diff(year) > 1) + 1) if year.size else []


def band(axes: Axes, year: Any, median: Any, low: Any, high: Any, colour: str, *, labels: tuple[str, str] = ("", ""),
         width: float = 2.0) -> None:
    """Median and interval by year: a line and a band over each unbroken stretch, a point with its bar for a lone year.

    Nothing is drawn across a gap. `labels` name the band and the line in a legend, once.
    """
    year, median, low, high = (np.asarray(v, dtype=float) for v in (year, median, low, high))
    for i, part in enumerate(stretches(year)):
        named = labels if i == 0 else ("", "")
        axes.fill_between(year[part], low[part], high[part], color=colour, alpha=0.22, linewidth=0,
                          label=named[0] or None)
        axes.plot(year[part], median[part], color=colour, linewidth=width, label=named[1] or None)
        lone_year(axes, year[part], median[part], low[part], high[part], colour)


def lone_year(axes: Axes, year: Any, median: Any, low: Any, high: Any, colour: str, *, hollow: bool = False) -> None:
    """A point with its interval bar where a stretch has one year, of which lines and bands show nothing."""
    if len(year) == 1:
        axes.vlines(year, low, high, color=colour, linewidth=2.0, linestyle="dashed" if hollow else "solid")
        axes.plot(year, median, "o", color=colour, markersize=7, markerfacecolor="white" if hollow else colour)


def shade_projected(axes: Axes, years: list[int], label: str = "") -> None:
    """Set projected years apart: hatched ground from half a year before the first."""
    if not years:
        return
    axes.axvspan(min(years) - 0.5, max(years) + 0.5, facecolor="#F3F1F6", edgecolor=RULE, hatch="////",
                 linewidth=0, zorder=0)
    axes.axvline(min(years) - 0.5, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
    if label:
        axes.annotate(label, ((min(years) + max(years)) / 2, 1.0), xycoords=("data", "axes fraction"),
                      xytext=(0, -4), textcoords="offset points", ha="center", va="top", fontsize=8.5, color=INK)


def to_drawing(figure: Figure, name: str, title: str, caption: str, alt: str) -> Drawing:
    """Save a figure as accessible SVG whose bytes depend on its content alone."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return Drawing(name, title, caption, alt, accessible(buffer.getvalue(), name, title, alt))


def accessible(svg: str, name: str, title: str, alt: str) -> str:
    """An `<svg>` element with role, title and description, and ids that no other figure uses."""
    svg = svg[svg.index("<svg"):].strip()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    prefix = f"{name}-"
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
    head_end = svg.index(">")
    head = re.sub(r'\s(width|height)="[^"]*"', "", svg[:head_end])
    head += f' role="img" aria-labelledby="{prefix}title {prefix}desc"'
    words = f'<title id="{prefix}title">{escape(title)}</title><desc id="{prefix}desc">{escape(alt)}</desc>'
    return f"{head}>{words}{svg[head_end + 1:]}"
