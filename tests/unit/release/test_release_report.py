"""The page: honest words, proper structure, nothing from outside."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from content_factory import make_content, tables, words

from sbc_prevalence.release import ReleaseContent, write_release
from sbc_prevalence.release.rounding import public_content
from sbc_prevalence.release.sheet import words_on_zeros
from sbc_prevalence.release.sheets import area_spread, areas, by_year, sensitivity, split
from sbc_prevalence.release.sheets_checks import sources
from sbc_prevalence.release.sheets_evidence import completeness_priors, decomposition
from sbc_prevalence.release.words import inside

VOID = {"meta", "br", "link", "hr", "img", "input"}


class Page(HTMLParser):
    """Headings, tags, ids and text; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def source(folder: Path) -> str:
    return (folder / "public" / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def words_of(page: Page) -> str:
    return re.sub(r"\s+", " ", page.text.replace("\u00a0", " "))


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_tables_have_captions_and_scoped_headings(page: Page, source: str) -> None:
    kinds = [tag for tag, _ in page.tags]
    assert kinds.count("table") == kinds.count("caption") > 10
    assert all(attrs.get("scope") for tag, attrs in page.tags if tag == "th")
    assert ("html", {"lang": "en-GB"}) in page.tags


def test_ids_are_unique_and_every_reference_is_met(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.tags:
        if tag == "a":
            assert (attrs["href"] or "").lstrip("#") in ids
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attrs.get(name) or "").split()) <= set(ids)


def test_the_page_is_self_contained(page: Page, source: str) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    outside = [a[k] for _, a in page.tags for k in ("src", "href", "xlink:href", "data") if k in a]
    assert all(str(o).startswith("#") for o in outside)
    assert "@import" not in source
    assert not re.search(r"url\(\s*['\"]?(?!#)", source)


def test_the_headline_comes_first_with_interval_date_and_what_it_counts(page: Page) -> None:
    text = words_of(page)
    start = text.index("We estimate that 3,890 people in Scotland")
    assert "95 % credible interval, equal-tailed: 3,240 to 4,660" in text[start:start + 300]
    assert "31 December 2020" in text[start:start + 200]
    assert "Living ÷ certified breast cancer deaths of the year" in text
    assert text.index("Women, breast cancer (ICD-10 C50)") < start
    assert "the median number living runs from 3,350 to 5,290" in text


def test_the_page_says_what_the_data_do_not_inform_and_what_areas_rest_on(page: Page) -> None:
    text = words_of(page)
    for sentence in words().values():
        assert sentence in text
    for piece in ("4,090", "around 4,000", "138,622", "40,860 deaths", "Ours is not tuned to any of them",
                  "Judgement: Made up: published contrasts disagree", "Open Government Licence v3.0"):
        assert piece in text


def test_every_page_carries_the_banner(page: Page, source: str) -> None:
    assert words_of(page).count("Not for publication: no disclosure control") >= 3
    assert 'content: "Not for publication: no disclosure control"' in source


def test_projected_years_are_marked_in_words_not_by_colour_alone(page: Page) -> None:
    text = words_of(page)
    for year in range(2021, 2026):
        assert re.search(rf"{year} ?[\d,]+ \([\d,]+ to [\d,]+\).{{0,80}}projected", text)


def test_content_cannot_inject_markup(tmp_path: Path) -> None:
    content = make_content(title="<script>alert(1)</script>", words=words() | {"tail": "a < b & <b>c</b>"})
    write_release(tmp_path / "r", content, internal={})
    source = (tmp_path / "r" / "public" / "report.html").read_text("utf-8")
    assert "<script" not in source
    assert "a &lt; b &amp; &lt;b&gt;c&lt;/b&gt;" in source


def test_a_run_without_repeats_says_so(tmp_path: Path) -> None:
    held = {k: v for k, v in tables().items() if k in (
        "estimates", "implied_duration", "priors", "diagnostics", "sources")}
    write_release(tmp_path / "r", make_content(tables=held), internal={})
    text = words_of(Page((tmp_path / "r" / "public" / "report.html").read_text("utf-8")))
    assert "The repeats under other choices were not computed in this run." in text
    assert "does not cover the choice of the survival family" in text


def test_text_meets_the_contrast_of_wcag_aa(source: str) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    names = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", source))
    for ink in ("ink", "muted", "purple", "magenta"):
        for ground in ("#ffffff", names["ground"], "#fbf1f9", "#eceaf5"):
            low, high = sorted([luminance(names[ink]), luminance(ground)])
            assert (high + 0.05) / (low + 0.05) >= 4.5


def test_what_the_data_say_has_a_section_of_its_own(source: str) -> None:
    section = source.split('id="says"')[1].split("<h2")[0]
    for said in ("Contraction", "What would narrow the figures", "NHS Orkney", "never registered",
                 "One source is contradicted", "refused by the gate", "and alike in every area"):
        assert said.casefold() in section.casefold()
    assert source.count("One source is contradicted") == 1


def test_a_release_without_these_tables_has_no_such_section(tmp_path: Path) -> None:
    gone = ("identifiability", "influence", "conflict", "decomposition")
    kept = make_content(tables={k: v for k, v in tables().items() if k not in gone})
    page = (write_release(tmp_path / "bare", kept, internal={}) / "public" / "report.html").read_text("utf-8")
    assert 'id="says"' not in page


@pytest.mark.parametrize(("name", "words"), [("United Kingdom", "in the United Kingdom"), ("Scotland", "in Scotland")])
def test_the_name_of_the_whole_stands_in_its_sentence_as_one_would_say_it(name, words):
    assert f"in {inside(name)}" == words


def test_the_choices_show_an_interval_on_duration_and_share():
    rows = sensitivity(public_content(make_content())).rows
    shown = [row[3:] for row in rows if row[3]]
    assert shown
    assert all(re.fullmatch(r"\d+\.\d \(\d+\.\d to \d+\.\d\)", duration) for duration, _ in shown)
    assert all(re.fullmatch(r"\d+ % \(\d+ to \d+ %\)", share) for _, share in shown)


def test_a_median_of_0_is_explained_wherever_it_is_printed() -> None:
    """A small area: the whole, its parts, its areas and their repetitions are all rounded to 0 by the same unit."""
    assert words_on_zeros([(10.0, 10)]) == ""
    assert words_on_zeros([(0.0, 10), (20.0, 50)]) == " A median of 0 is one below 5, not nobody."
    plain_content = public_content(make_content())
    content = public_content(make_content(rounding_units={
        quantity: dict.fromkeys(names_by_code(plain_content), 20_000) for quantity in ("living", "newly_diagnosed")}))
    spread = content.tables["sensitivity"].assign(rounded_to=20_000)
    spread[["median", "lower", "upper"]] = 0.0
    content = replace(content, tables={**content.tables, "sensitivity": spread})
    found = areas(content)
    assert found is not None
    for sheet in (by_year(content), split(content, "duration"), split(content, "presentation"), found[0],
                  area_spread(content), decomposition(content), completeness_priors(content)):
        assert sheet is not None
        assert "A median of 0 is one below 10000, not nobody." in sheet.caption, sheet.caption
    assert "A median of 0" not in by_year(plain_content).caption


def names_by_code(content: ReleaseContent) -> list[str]:
    return list(content.tables["estimates"]["area_code"].unique())


def test_the_date_of_a_source_is_said_to_be_what_it_reaches_up_to() -> None:
    """`as_of` is a day of extraction for tables of one's own, and the last day covered for the carried ones."""
    frame = tables()["sources"].assign(as_of=["2020-12-31", ""])
    sheet = sources(make_content(tables={**tables(), "sources": frame}))
    assert sheet is not None
    assert str(sheet.rows[0][1]).endswith(". Up to 31 December 2020")
    assert "Up to" not in str(sheet.rows[1][1])
