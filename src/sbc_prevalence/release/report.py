"""The report: one self-contained HTML page."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources

import jinja2
from markupsafe import Markup

from sbc_prevalence.release import sheets, sheets_ages, sheets_checks, sheets_evidence, sheets_records
from sbc_prevalence.release.content import BANNER, LIVING, SECTION_WORDS, WORD_KEYS, ReleaseContent
from sbc_prevalence.release.figures.style import Drawing
from sbc_prevalence.release.sheet import key_values
from sbc_prevalence.release.tables import denominator, national_sensitivity, select
from sbc_prevalence.release.words import credible, date_words, decimal, heading, inside, persons


def _template(name: str) -> str:
    """Text of a file in the folder of templates."""
    return resources.files("sbc_prevalence.release").joinpath("templates", name).read_text("utf-8")


def _environment() -> jinja2.Environment:
    """Templates of the package, with escaping and without silence about missing names."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(persons=persons, decimal=decimal, date_words=date_words, heading=heading,
                               inside=inside)
    return environment


def render_report(
    content: ReleaseContent, figures: Mapping[str, Drawing], *, created: datetime, release_id: str
) -> str:
    """The page as text.

    Parameters
    ----------
    content : ReleaseContent
        Public content: already rounded.
    figures : mapping of str to Drawing
    created : datetime
    release_id : str

    Returns
    -------
    str
        HTML without any outside resource.
    """
    head = content.headline
    area_sheet = sheets.areas(content)
    group_sheet = sheets.areas(content, groups=True)
    scenarios = national_sensitivity(content.tables, head)
    national = select(content.tables["estimates"], head, LIVING).iloc[0]
    shown = {
        "by_year": sheets.by_year(content), "sensitivity": sheets.sensitivity(content),
        "duration": sheets.split(content, "duration"), "presentation": sheets.split(content, "presentation"),
        "ages": sheets_ages.ages(content),
        "areas": area_sheet[0] if area_sheet else None,
        "groups": group_sheet[0] if group_sheet else None, "area_spread": sheets.area_spread(content),
        "comparisons": sheets.comparisons(content), "predictive": sheets_checks.predictive(content),
        "shares": sheets_checks.shares(content), "parameters": sheets_checks.parameters(content),
        "priors": sheets_checks.priors(content), "diagnostics": sheets_checks.diagnostics(content),
        "coverage": sheets_checks.coverage(content),
        **{maker.__name__: maker(content) for maker in (
            sheets_evidence.influence, sheets_evidence.narrowed, sheets_evidence.narrowed_areas,
            sheets_evidence.completeness, sheets_evidence.conflict, sheets_evidence.conflict_figures,
            sheets_evidence.decomposition, sheets_evidence.completeness_priors,
            sheets_records.attrition, sheets_records.disagreements)},
        "sources": sheets_checks.sources(content),
        "gate": sheets_checks.run(content),
        "inputs": key_values(content.input_hashes, "Inputs and their SHA-256.", ("Input", "SHA-256")),
        "versions": key_values(content.versions, "Software.", ("Package", "Version")),
    }
    page = _environment().get_template("report.html.j2").render(
        content=content, headline=head, words=content.words, banner=BANNER, level=credible(head),
        figures={name: (d, Markup(d.svg)) for name, d in figures.items()}, sheets=shown,
        style=Markup(_template("report.css")),
        denominator=denominator(content.tables, head), areas_rest_on=area_sheet[1] if area_sheet else "",
        national_rests_on=str(national["rests_on"]), headline_projected=bool(national["projected"]),
        scenario_range=(
            (float(scenarios["living_median"].min()), float(scenarios["living_median"].max()))
            if len(scenarios) else None),
        other_words={k: v for k, v in content.words.items() if k not in (*WORD_KEYS, *SECTION_WORDS, "ages") and v},
        created=created, release_id=release_id)
    return page if page.endswith("\n") else page + "\n"
