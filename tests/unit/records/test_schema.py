"""The page of the record schema is the schema."""

from pathlib import Path

from sbc_prevalence.records.schema import DISTANT_SITES, SCHEMA, SITES, as_markdown

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "record-schema.md"


def test_the_page_holds_the_table_of_the_schema_as_it_is():
    assert as_markdown() in PAGE.read_text("utf-8")


def test_every_site_is_a_boolean_and_bone_liver_lung_and_brain_are_distant():
    assert {SCHEMA[name].type for name in SITES} == {"boolean"}
    assert {"site_bone", "site_liver", "site_lung", "site_brain"} <= set(DISTANT_SITES)
