"""What the pages say of a release, of links and of notebooks is so."""

import re
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from sbc_prevalence.release.content import BANNER, TABLE_COLUMNS
from sbc_prevalence.release.folder import STATUS_COLUMN
from sbc_prevalence.release.manifest import public_manifest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RELEASE = DOCS / "reference" / "release.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@cache
def table_sections() -> dict[str, list[str]]:
    """Columns that the page names, in order, by table."""
    text = RELEASE.read_text("utf-8").split("## All tables")[1].split("## manifest.json")[0]
    found = {}
    for part in text.split("\n### ")[1:]:
        name, _, body = part.partition("\n")
        firsts = re.findall(r"^\| (`[^|]+) \|", body, flags=re.MULTILINE)
        found[name.strip()] = [column for first in firsts for column in re.findall(r"`([^`]+)`", first)]
    return found


def test_every_table_of_a_release_has_its_section_and_no_other():
    assert list(table_sections()) == list(TABLE_COLUMNS)


@pytest.mark.parametrize("name", list(TABLE_COLUMNS))
def test_the_columns_of_a_table_are_those_of_the_code(name):
    assert table_sections()[name] == list(TABLE_COLUMNS[name])


def test_the_page_names_the_banner_the_status_column_and_every_key_of_the_manifest(tmp_path):
    sys.path.insert(0, str(ROOT / "tests" / "unit" / "release"))
    from content_factory import make_content

    text = RELEASE.read_text("utf-8")
    keys = public_manifest(make_content(), tmp_path, created=datetime(2026, 1, 1, tzinfo=UTC), release_id="x")
    assert BANNER in " ".join(text.split())
    assert f"`{STATUS_COLUMN}`" in text
    assert [key for key in keys if f"`{key}`" not in text.split("## manifest.json")[1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_of_a_page_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`\n]+`|^    .*?$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_leads_to_every_page_of_the_documentation():
    text = (DOCS / "README.md").read_text("utf-8")
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p != DOCS / "README.md"]
    assert [page for page in pages if f"({page})" not in text] == []


def test_the_tutorials_page_leads_to_every_notebook():
    text = (DOCS / "tutorials" / "README.md").read_text("utf-8")
    assert [p.name for p in (ROOT / "notebooks").glob("[0-9]*.py") if f"(../../notebooks/{p.name})" not in text] == []
