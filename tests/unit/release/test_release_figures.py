"""Figures are the same bytes each time, speak to those who do not see them, and carry the banner."""

import re
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pandas as pd
import pytest
from content_factory import make_content, tables
from matplotlib.figure import Figure

from sbc_prevalence.release.figures import Drawing, deaths, draw_figures, style
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
    assert "Projected: 2021 to 2025." in drawn["national_trend"].alt


def test_the_rate_of_the_whole_beside_the_areas_has_its_interval(drawn: dict[str, Drawing]) -> None:
    row = public_content(make_content()).tables["estimates"].query(
        "quantity == 'living_per_100k' and area_code == 'S92000003' and year == 2020 and basis == 'realised'").iloc[0]
    shown = f"Scotland {row['median']:,.0f} ({row['lower']:,.0f} to {row['upper']:,.0f}) persons per 100,000 women"
    assert shown in drawn["areas"].alt
    assert "Dashed line and grey ground: Scotland." in drawn["areas"].caption


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


def deaths_of_areas(*, whole: bool) -> pd.DataFrame:
    """Made-up deaths of three boards (one with a gap in its years), and of the nation where asked for."""
    rows = [{"area_code": code, "year": year, "observed": base, "median": base + 1.0, "lower": base - 20.0,
             "upper": base + 20.0} for code, base in (("S08000015", 80.0), ("S08000031", 210.0), ("S08000029", 70.0))
            for year in range(2010, 2021) if not (code == "S08000029" and year in (2011, 2013))]
    nation = tables()["deaths_fit"]
    return pd.concat([pd.DataFrame(rows), nation]) if whole else pd.DataFrame(rows)


@pytest.mark.parametrize("whole", [False, True])
def test_deaths_carried_by_area_get_a_panel_each_and_the_whole_one_where_it_has_rows(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Figure] = []
    to_drawing = style.to_drawing
    monkeypatch.setattr(style, "to_drawing", lambda figure, *words: (kept.append(figure), to_drawing(figure, *words))[1])
    content = public_content(make_content(tables=tables() | {"deaths_fit": deaths_of_areas(whole=whole)}))
    with style.context():
        drawing = deaths.deaths_fit(content.tables, content.headline, content.scope)
    assert drawing is not None
    shown = [axes for axes in kept[0].axes if axes.get_visible()]
    names = ["NHS Ayrshire and Arran", "NHS Fife", "NHS Greater Glasgow and Clyde"]
    assert [axes.get_title(loc="left") for axes in shown] == (["Scotland"] if whole else []) + names
    assert len(kept[0].legends) == 1
    assert not any(axes.get_legend() for axes in shown)
    for name in names:
        assert f"{name}, 2010 to 2020" in drawing.alt
    assert ("Scotland, " in drawing.alt) == whole


def test_more_places_than_panels_are_said() -> None:
    one = deaths_of_areas(whole=False).query("area_code == 'S08000015'")
    many = pd.concat([one.assign(area_code=f"X{i:02d}", observed=one["observed"] + i) for i in range(30)])
    content = make_content(tables=tables() | {"deaths_fit": many})
    with style.context():
        drawing = deaths.deaths_fit(content.tables, content.headline, content.scope)
    assert drawing is not None
    assert "The 24 places with most deaths are drawn, of 30" in drawing.caption
    assert "X29" in drawing.alt
    assert "X05" not in drawing.alt


def test_an_isolated_year_inside_a_series_has_a_mark_and_nothing_is_drawn_across_a_gap() -> None:
    year, value = [2009, 2010, 2012, 2014, 2015], [5.0, 6.0, 7.0, 8.0, 9.0]
    with style.context():
        axes = style.new_figure(2).subplots()
        style.band(axes, year, value, [v - 1 for v in value], [v + 1 for v in value], "black")
    assert [line.get_xdata().tolist() for line in axes.lines] == [[2009, 2010], [2012], [2012], [2014, 2015]]
    assert [line.get_marker() for line in axes.lines] == ["None", "None", "o", "None"]


@pytest.mark.parametrize("last", [2020, 2021])
def test_one_year_is_not_called_a_span(last: int) -> None:
    """A single year of data, then a single projected one: every caption and text alternative."""
    held = tables()
    for name in ("estimates", "implied_duration", "shares", "coverage", "deaths_fit"):
        frame = held[name]
        held[name] = frame[(frame["year"] >= 2020) & (frame["year"] <= last)]
    head = {**make_content().headline, "year": 2020, "index_date": f"{2020}-12-31"}
    drawn = draw_figures(public_content(make_content(tables=held, headline=head)))
    assert "deaths_fit" in drawn
    for drawing in drawn.values():
        for words in (drawing.caption, drawing.alt):
            assert not re.search(r"\b(\d{4}) (?:to|-|–) \1\b", words)
    assert ("Projected: 2021." in drawn["national_trend"].alt) == (last == 2021)


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
