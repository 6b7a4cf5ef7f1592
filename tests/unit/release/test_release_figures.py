"""Figures are the same bytes each time, speak to those who do not see them, and carry the banner."""

import re
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from content_factory import make_content, tables

from sbc_prevalence.release.figures import Drawing, draw_figures
from sbc_prevalence.release.rounding import public_content

EXPECTED = ["national_trend", "scenarios", "living_by_duration", "areas", "influence", "contraction", "conflict",
            "prior_posterior", "deaths_fit"]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawing]:
    return draw_figures(public_content(make_content()))


def test_every_figure_is_drawn(drawn: dict[str, Drawing]) -> None:
    assert list(drawn) == EXPECTED


def test_bytes_are_reproducible_whatever_the_user_has_set(drawn: dict[str, Drawing]) -> None:
    with mpl.rc_context({"font.size": 22, "axes.facecolor": "red", "svg.hashsalt": "other"}):
        again = draw_figures(public_content(make_content()))
        assert mpl.rcParams["font.size"] == 22
    assert {n: d.svg for n, d in again.items()} == {n: d.svg for n, d in drawn.items()}


def test_figures_are_accessible_and_need_nothing_from_outside(drawn: dict[str, Drawing]) -> None:
    for name, drawing in drawn.items():
        root = ET.fromstring(drawing.file_text)
        assert root.attrib["role"] == "img"
        ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
        assert len(ids) == len(set(ids))
        assert all(i.startswith(f"{name}-") for i in ids)
        for label in root.attrib["aria-labelledby"].split():
            assert label in ids
        assert len(drawing.alt) > 60
        links = re.findall(r'(?:href="|url\()([^")]+)', drawing.svg)
        assert all(link.startswith(f"#{name}-") for link in links)
        assert {link[1:] for link in links} <= set(ids)
        assert "<text" not in drawing.svg
        assert "<image" not in drawing.svg


def test_the_text_alternative_gives_the_headline_interval(drawn: dict[str, Drawing]) -> None:
    for name in ("national_trend", "scenarios"):
        assert "3,890" in drawn[name].alt
        assert "3,240 to 4,660" in drawn[name].alt
    assert "2021 to 2025 are projected" in drawn["national_trend"].alt


def test_the_banner_is_drawn_in_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure
    said: list[str] = []
    original = Figure.supxlabel

    def listen(self: Figure, text: str, **options: object) -> object:
        said.append(text)
        return original(self, text, **options)

    monkeypatch.setattr(Figure, "supxlabel", listen)
    draw_figures(public_content(make_content()))
    assert len(said) == len(EXPECTED)
    assert all(s.startswith("Not for publication: no disclosure control") for s in said)


def test_a_figure_without_its_table_is_left_out() -> None:
    held = {k: v for k, v in tables().items() if k not in ("sensitivity", "deaths_fit", "prior_posterior")}
    assert list(draw_figures(public_content(make_content(tables=held)))) == [
        "national_trend", "living_by_duration", "areas", "influence", "contraction", "conflict"]


def test_figures_are_drawn_from_rounded_numbers_only() -> None:
    content = make_content()
    held = dict(content.tables)
    frame = held["estimates"].copy()
    numbers = ["median", "lower", "upper"]
    away = frame["area_code"] != content.headline["area_code"]
    frame.loc[away, numbers] = frame.loc[away, numbers] * (1 + 1e-5)
    nudged = make_content(tables=held | {"estimates": frame})
    first, second = (draw_figures(public_content(c))["areas"] for c in (content, nudged))
    assert first.svg == second.svg


def test_no_global_figure_state_is_used(drawn: dict[str, Drawing]) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_one_year_is_a_point_with_its_bar() -> None:
    from sbc_prevalence.release.figures import style
    with style.context():
        axes = style.new_figure(2).subplots()
        style.lone_year(axes, [2019.0], [5.0], [3.0], [8.0], "black")
        style.lone_year(axes, [2019.0, 2020.0], [5.0, 6.0], [3.0, 4.0], [8.0, 9.0], "black")
    assert len(axes.lines) == len(axes.collections) == 1
    assert axes.collections[0].get_segments()[0].tolist() == [[2019.0, 3.0], [2019.0, 8.0]]
