"""All figures of a release, in the order of the report."""

from sbc_prevalence.release.content import ReleaseContent
from sbc_prevalence.release.figures import areas, checks, deaths, evidence, national, scenarios, style


def draw_figures(content: ReleaseContent) -> dict[str, style.Drawing]:
    """Draw every figure for which the content holds a table.

    Parameters
    ----------
    content : ReleaseContent
        Public content: already rounded, because the paths of an SVG tell its numbers.

    Returns
    -------
    dict of str to Drawing
        By file name without ending.
    """
    makers = (national.trend, scenarios.scenarios, national.by_duration, areas.areas, evidence.influence,
              evidence.contraction, evidence.conflict, checks.prior_posterior, deaths.deaths_fit)
    with style.context():
        drawn = [make(content.tables, content.headline, content.scope) for make in makers]
    return {d.name: d for d in drawn if d is not None}
