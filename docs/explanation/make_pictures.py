"""Draws docs/explanation/time_contract.svg: diagnoses uniform within their year, and A(m).

Run it after the time contract or the kernel has changed: python docs/explanation/make_pictures.py
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sbc_prevalence.kernels import survivorship

SCALE, SHAPE = 2.5, 0.8
"""The worked example: Weibull survival S(u) = exp(-(u / 2.5)^0.8), u in years."""

PURPLE, MAGENTA, BLUE, INK, MUTED = "#3F3685", "#9B4393", "#0078D4", "#1F1B2E", "#5A5466"
N_PEOPLE, SHOWN_YEARS, MIX = 10, 3, 7
LOOKS = {"font.family": "DejaVu Sans", "font.size": 10, "axes.titlesize": 10, "axes.titlelocation": "left",
         "axes.edgecolor": MUTED, "svg.fonttype": "path", "svg.hashsalt": "sbc_prevalence"}
ALT = (
    "Left: ten people diagnosed evenly over year s; those alive at its end have had the disease for 0 to 1 years, "
    "those alive a year later for 1 to 2. Right: the survival curve; A(0) is its mean height over 0 to 1 years, A(1) "
    "over 1 to 2, and so on, each above the curve's height at the end of the step and below that at its start."
)


def survival(u: np.ndarray) -> np.ndarray:
    """S(u) of the worked example."""
    return np.exp(-((np.asarray(u, dtype=float) / SCALE) ** SHAPE))


def shares(within_interval: str = "uniform") -> np.ndarray:
    """A(0), ..., A(3) of the worked example, from the package's own kernel."""
    return survivorship(survival, 4, within_interval=within_interval)


def lives() -> tuple[np.ndarray, np.ndarray]:
    """Times of diagnosis in year s, evenly spread, and of death: the deciles of the curve in a mixed order."""
    i = np.arange(N_PEOPLE)
    dead = ((MIX * i) % N_PEOPLE + 0.5) / N_PEOPLE
    start = (i + 0.5) / N_PEOPLE
    return start, start + SCALE * (-np.log1p(-dead)) ** (1 / SHAPE)


def draw_lives(axes: Axes) -> None:
    """Ten diagnoses spread over one year, and how long each has had the disease at the end of each year."""
    starts, ends = lives()
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        axes.plot([start, min(end, SHOWN_YEARS)], [i, i], color=PURPLE, lw=1.2, zorder=2)
        axes.plot(start, i, "o", color=MAGENTA, ms=5, zorder=3)
        if end < SHOWN_YEARS:
            axes.plot(end, i, "x", color=INK, ms=5, mew=1.4, zorder=3)
    for year in range(1, SHOWN_YEARS + 1):
        alive = int((ends > year).sum())
        axes.axvline(year, ymax=0.80, color=BLUE, lw=1.4, zorder=1)
        axes.text(year, N_PEOPLE + 0.1, f"{alive} alive,\nfor {year - 1} to {year} y", ha="center", va="bottom",
                  color=BLUE, fontsize=9)
    axes.set(xlim=(-0.05, SHOWN_YEARS + 0.3), ylim=(-0.8, N_PEOPLE + 2.4), yticks=[], xlabel="calendar year",
             xticks=[m + 0.5 for m in range(SHOWN_YEARS)])
    axes.set_xticklabels(["s", "s + 1", "s + 2"])
    axes.set_title("Ten diagnoses (dots) even over year s, deaths\n(crosses), and who is alive at each year's end")


def draw_shares(axes: Axes) -> None:
    """The survival curve, its mean over each year since diagnosis, and the numbers."""
    u = np.linspace(0, 4, 401)
    axes.plot(u, survival(u), color=PURPLE, lw=2, zorder=3)
    for m, value in enumerate(shares()):
        axes.fill_between([m, m + 1], 0, value, color=BLUE, alpha=0.14, lw=0)
        axes.plot([m, m + 1], [value, value], color=BLUE, lw=1.6, zorder=4)
        axes.text(m + 0.5, value / 2, f"A({m}) = {value:.3f}", ha="center", color=INK, fontsize=9)
    axes.text(0.2, 0.93, "S(u)", color=PURPLE, fontsize=10)
    axes.set(xlim=(0, 4), ylim=(0, 1.04), xlabel="years since diagnosis, u", ylabel="share alive")
    axes.set_title("A(m), the mean of S from m to m + 1: the share\nalive at the end of year s + m")


def picture() -> Figure:
    """Both panels."""
    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    lives, curve = figure.subplots(1, 2, width_ratios=(1, 1.15))
    draw_lives(lives)
    draw_shares(curve)
    for axes in (lives, curve):
        axes.spines[["top", "right"]].set_visible(False)
    lives.spines["left"].set_visible(False)
    return figure


def main(folder: Path = Path(__file__).parent) -> None:
    """Write the picture beside this script."""
    with mpl.rc_context(LOOKS):
        picture().savefig(folder / "time_contract.svg", metadata={
            "Date": None, "Creator": None, "Title": "The time contract", "Description": ALT})


if __name__ == "__main__":
    main()
