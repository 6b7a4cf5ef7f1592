"""A trust's own number, from `init` to the page: exit codes, one list of faults, one folder, nobody's name."""

import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from sbc_prevalence.cli import app
from sbc_prevalence.config.trust_project import SHEET_COLUMNS
from sbc_prevalence.release.content import BANNER
from sbc_prevalence.trust.result import HIDDEN, shown
from trust_worlds import TOML, trust_folder, with_key

CANARY = "ZZCANARY"


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run on a made-up trust."""
    folder = tmp_path_factory.mktemp("trust")
    world = trust_folder(folder)
    code, printed = call("run", folder, "--out", folder / "out")
    assert code == 0, printed
    return folder, world, printed


def test_init_writes_a_commented_file_and_an_empty_sheet_and_never_overwrites(tmp_path):
    folder = tmp_path / "ours"
    code, printed = call("init", folder, "--trust")
    assert code == 0, printed
    assert (folder / "sheet.csv").read_text() == ",".join(SHEET_COLUMNS) + "\n"
    assert call("init", folder, "--trust")[0] == 2
    code, printed = call("validate", folder)
    assert code == 2
    assert set(re.findall(r"\[(E-[A-Z-]+)\]", printed)) == {"E-CONFIG-MISSING", "E-CONFIG-VALUE"}
    assert all(f"key '{key}'" in printed for key in ("counted", "followed_to", "completeness.source"))


def test_the_template_works_once_its_choices_are_made(made, tmp_path):
    folder = tmp_path / "ours"
    call("init", folder, "--trust")
    text = (folder / "trust.toml").read_text()
    for old in ('counted = "treated_here"', 'followed_to = "extract_date"', "known = 60", "found = 51", "source ="):
        text = text.replace(f"# {old}", old, 1)
    (folder / "trust.toml").write_text(text.replace("2025-03-31", "2024-12-31"))
    (folder / "sheet.csv").write_text((made[0] / "sheet.csv").read_text())
    code, printed = call("validate", folder)
    assert code == 0, printed
    assert "No problem found." in printed


def test_the_page_is_one_file_that_says_the_number_its_parts_and_what_it_does_not_know(made):
    folder, world, printed = made
    page = (folder / "out" / "page.html").read_text()
    table = pd.read_csv(folder / "out" / "figures.csv")
    living = table[(table.quantity == "living") & (table.part == "all")].iloc[0]
    assert living["lower"] <= world.living <= living["upper"]
    assert f"about {living['median']:,} people" in printed
    assert BANNER in page
    for words in ("What this number does not know", "Known to be living", "Lost, and probably alive", "Newly diagnosed",
                  "Route to diagnosis", "Sites of disease", "treated elsewhere"):
        assert words in page, words
    assert not re.search(r'(?:src|href)="|@import|url\(', page)
    assert table["rests_on"].str.len().min() > 20
    assert {"median", "lower", "upper", "ci_prob", "ci_kind"} <= set(table.columns)
    known = table[table.part == "known"].iloc[0]
    assert known["lower"] == known["upper"] == known["recorded"]


def test_nobody_of_the_sheet_is_in_what_is_written_or_printed(made):
    folder, _, printed = made
    text = printed + "".join(path.read_text() for path in (folder / "out").iterdir())
    assert "simulated-0" not in text
    assert not re.search(r"\b\d{2}/\d{2}/\d{4}\b", text)


def test_the_manifest_holds_the_hash_of_every_file(made):
    import hashlib

    out = made[0] / "out"
    files = json.loads((out / "manifest.json").read_text())["files"]
    assert files == {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files}
    assert set(files) == {"page.html", "figures.csv", "other_choices.csv"}


def test_a_second_run_repeats_every_digit_and_replaces_the_first(made):
    folder, _, _ = made
    before = (folder / "out" / "figures.csv").read_bytes()
    assert call("run", folder, "--out", folder / "out")[0] == 0
    assert (folder / "out" / "figures.csv").read_bytes() == before


def test_a_folder_with_anything_else_is_refused_before_the_sheet_is_read(made):
    folder, _, _ = made
    code, printed = call("run", folder, "--out", folder)
    assert code == 2
    assert "holds other files" in printed
    assert (folder / "sheet.csv").exists()


def test_a_bad_sheet_ends_with_2_and_one_list_without_names(tmp_path):
    trust_folder(tmp_path, per_year=8.0)
    sheet = pd.read_csv(tmp_path / "sheet.csv", dtype=str, keep_default_na=False)
    sheet.loc[2, ["Pseudonym", "Secondary diagnosed"]] = [CANARY, f"{CANARY} 31/02/2020"]
    sheet.loc[4, "Sex"] = CANARY
    sheet.loc[5, "Treated"] = CANARY
    sheet.loc[6, "Pseudonym"] = "0101019991"
    sheet.loc[7, ["Status", "Died on"]] = ["Died", ""]
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    code, printed = call("run", tmp_path, "--out", tmp_path / "out")
    assert code == 2
    assert {"E-DATE", "E-WORD", "E-IDENTIFIER", "E-STATUS-DATE"} <= set(re.findall(r"\[(E-[A-Z-]+)\]", printed))
    assert "file row 4" in printed
    assert CANARY not in printed
    assert "0101019991" not in printed
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("key", "words", "code"), [
    ("counted", "", "E-CONFIG-MISSING"), ("counted", 'counted = "everybody"', "E-CONFIG-CHOICE"),
    ("counted", 'counted = "resident"', "E-CONFIG-MISSING"), ("followed_to", "", "E-CONFIG-MISSING"),
    ("window_days", "window_dys = 90", "E-CONFIG-KEY"), ("sheet", 'sheet = "other.csv"', "E-CONFIG-FILE"),
    ("index_date", 'index_date = "2025-06-30"', "E-FOLLOW-UP-SHORT"), ("median", "", "E-CONFIG-VALUE"),
    ("lower95", "lower95 = 0.9", "E-CONFIG-VALUE"), ("sheet_began", 'sheet_began = "2025-01-01"', "E-CONFIG-DATE"),
    ("upper95", "upper95 = 93", "E-CONFIG-VALUE"), ("source", "", "E-CONFIG-MISSING"),
])
def test_a_faulty_configuration_ends_with_2_and_names_its_key(tmp_path, key, words, code):
    (tmp_path / "sheet.csv").write_text(",".join(SHEET_COLUMNS) + "\n")
    (tmp_path / "trust.toml").write_text(with_key(key, words))
    ended, printed = call("validate", tmp_path)
    assert ended == 2
    assert f"[{code}]" in printed, printed


def test_an_empty_sheet_and_one_without_the_column_of_treatment_are_refused(tmp_path):
    trust_folder(tmp_path, per_year=8.0)
    sheet = pd.read_csv(tmp_path / "sheet.csv", dtype=str, keep_default_na=False)
    sheet.drop(columns="Treated").to_csv(tmp_path / "sheet.csv", index=False)
    code, printed = call("validate", tmp_path)
    assert code == 2
    assert "column 'Treated'" in printed
    (tmp_path / "sheet.csv").write_text(",".join(SHEET_COLUMNS) + "\n")
    assert "E-EMPTY" in call("validate", tmp_path)[1]


def test_residents_are_counted_wherever_they_are_treated(tmp_path):
    resident = with_key("counted", 'counted = "resident"\ncatchment = ["E07000110"]')
    trust_folder(tmp_path, per_year=8.0, text=resident)
    sheet = pd.read_csv(tmp_path / "sheet.csv", dtype=str)
    code, printed = call("validate", tmp_path)
    assert code == 0, printed
    inside = int((sheet["Area of residence"] == "E07000110").sum())
    assert f"{inside:,} people counted" in printed
    assert f"counted apart {len(sheet) - inside:,}" in printed


def test_people_not_seen_since_are_not_known_to_live_where_deaths_do_not_reach_the_sheet(made, tmp_path):
    from sbc_prevalence.config.trust import load_trust_config
    from sbc_prevalence.trust.sheet import read_sheet

    trust_folder(tmp_path, text=with_key("followed_to", 'followed_to = "last_contact"'))
    sheet = pd.read_csv(tmp_path / "sheet.csv", dtype=str, keep_default_na=False)
    alive = sheet["Status"] == "Alive"
    sheet.loc[alive, "Last seen"] = "30/06/2024"
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    late = sheet["Secondary diagnosed"].map(lambda t: t[6:] + t[3:5]) <= "202406"
    sheet[~alive | late].to_csv(tmp_path / "sheet.csv", index=False)
    found = read_sheet(load_trust_config(tmp_path / "trust.toml"))
    assert found.n_known == 0
    assert found.people.lost.sum() > read_sheet(load_trust_config(made[0] / "trust.toml")).people.lost.sum()
    assert "simulated-0" not in f"{found!r}{found.people!r}"


def test_small_counts_are_hidden_and_none_can_be_found_by_subtraction():
    counts = {"a": 3, "b": 40, "c": 9, "d": 0}
    assert shown(counts, 5, add_up=True) == {"a": HIDDEN, "b": 40, "c": HIDDEN, "d": 0}
    assert shown(counts, 5, add_up=False) == {"a": HIDDEN, "b": 40, "c": 9, "d": 0}


def test_the_configuration_of_an_annual_run_is_not_taken_for_a_trusts():
    from sbc_prevalence.config import trust_file

    assert trust_file("scotland") is None
    assert "kind" in TOML
