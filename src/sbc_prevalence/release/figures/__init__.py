"""Figures of a release: one function per figure, all drawn from the public tables."""

from sbc_prevalence.release.figures.gallery import draw_figures
from sbc_prevalence.release.figures.style import Drawing

__all__ = ["Drawing", "draw_figures"]
