"""Writes docs/reference/carried-tables.md from the catalogue of the package.

Run it after a table has changed: python docs/reference/build_carried_tables.py
"""

from pathlib import Path

from sbc_prevalence.config import ENTRY_TYPES
from sbc_prevalence.data.catalogue import PREFIX, Carried, carried_tables, describe_carried

INTRODUCTION = """\
# Tables that the package carries

A configuration takes one with `table = "carried:NAME"`, Python with `sbp.load_carried("NAME")`;
`sbc_prevalence.data.catalogue.carried_tables()` gives their names. `.venv/bin/sbc-prevalence tables` prints this list,
`.venv/bin/sbc-prevalence tables NAME` a table as CSV, to start one of your own from. The columns of each kind are in
[evidence-tables.md](evidence-tables.md); a kind that is not there is for reference and enters no model.

Each table carries its publisher, title, year and licence into every report. `tools/build_tables.py` makes the tables
from the published files; nothing in them is typed by hand but what the note says.

This page is written by `docs/reference/build_carried_tables.py`; a test checks that it is up to date.
"""


KEYS = {"areas": "table", "area_groups": "groups_table", "area_neighbours": "neighbours_table"}


def _place(table: Carried) -> str:
    """Where a configuration may name a table."""
    if table.kind in KEYS:
        return f'`[areas]`, `{KEYS[table.kind]} = "{PREFIX}{table.name}"`'
    if table.kind in ENTRY_TYPES:
        return f'`[[evidence]]` of kind `{table.kind}`, `table = "{PREFIX}{table.name}"`'
    return "nowhere: it is for reference"


def page() -> str:
    """The whole reference page."""
    tables = [describe_carried(name) for name in carried_tables()]
    parts = [INTRODUCTION, "| name | kind | rows | years | what |", "|---|---|---:|---|---|"]
    parts += [f"| [`{t.name}`](#{t.name}) | `{t.kind}` | {t.rows:,} | {t.years} | {t.provenance.title} |" for t in tables]
    for t in tables:
        origin = t.provenance
        parts += [
            f"\n## {t.name}\n", f"{origin.title}.\n",
            f"- **In a configuration:** {_place(t)}",
            f"- **Publisher:** {origin.publisher} ({origin.year})", f"- **Licence:** {origin.licence}",
            f"- **Rows:** {t.rows:,}" + (f", years {t.years}" if t.years else ""),
            f"- **Columns:** {', '.join(f'`{c}`' for c in t.columns)}", f"- **Note:** {origin.note}"]
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("carried-tables.md").write_text(page(), encoding="utf-8")
