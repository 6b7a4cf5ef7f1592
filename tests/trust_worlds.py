"""A made-up trust on disk, and its configuration with one key changed or taken out."""

import re
from datetime import date
from pathlib import Path

from bad_input_bench import CANARY_ID, CANARY_NAME, Bench, Told, command
from sbc_prevalence.trust import simulate_trust, simulated_sheet
from sbc_prevalence.trust.simulate import TrustWorld

INDEX = date(2024, 12, 31)
TOML = """
version = 1
kind = "trust"
name = "simulated"
trust = "Simulated Trust"
sheet = "sheet.csv"
extract_date = "2024-12-31"
index_date = "2024-12-31"
sheet_began = "2019-01-01"
counted = "treated_here"
followed_to = "extract_date"
window_days = 90
[completeness]
median = 0.85
lower95 = 0.71
upper95 = 0.93
source = "simulated"
[report]
draws = 500
"""


def trust_folder(folder: Path, seed: int = 3, per_year: float = 25.0, text: str = TOML) -> TrustWorld:
    """A folder with a sheet and its configuration."""
    world = simulate_trust(seed, per_year=per_year)
    folder.mkdir(exist_ok=True, parents=True)
    simulated_sheet(world, INDEX).to_csv(folder / "sheet.csv", index=False)
    (folder / "trust.toml").write_text(text, "utf-8")
    return world


def with_key(key: str, words: str, text: str = TOML) -> str:
    """The configuration with the line of a key replaced, or taken out where there are no words."""
    changed = re.sub(rf"^{key} = .*\n", f"{words}\n" if words else "", text, flags=re.MULTILINE)
    assert changed != text, key
    return changed


def spoilt_trust(bench: Bench, key: str, words: str) -> Told:
    """The command on a trust whose configuration lacks a key; the canary is on its sheet."""
    sheet = simulated_sheet(simulate_trust(3, per_year=5.0), INDEX)
    sheet.loc[0, "Pseudonym"] = CANARY_NAME
    sheet["Notes"] = CANARY_ID
    bench.write("sheet.csv", sheet.to_csv(index=False))
    bench.write("trust.toml", with_key(key, words))
    return command(bench, "validate", str(bench.folder))
