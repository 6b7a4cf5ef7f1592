"""The page on a trust's own number runs as it stands, and names the keys and commands that there are."""

import re
from pathlib import Path

from sbc_prevalence.config.trust import TrustConfig

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "a-trusts-own-number.md"


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(code, found)
    printed = capsys.readouterr().out
    low, high = (int(n.replace(",", "")) for n in re.search(r"interval ([\d,]+) to ([\d,]+)", printed).groups())
    assert low <= found["world"].living <= high
    assert Path("made-up/results/page.html").is_file()


def test_the_keys_of_the_page_are_keys():
    text = PAGE.read_text("utf-8").split("## 2.")[1].split("## 3.")[0]
    keys = re.findall(r"^\| `\[?(\w+)\]?` \|", text, flags=re.MULTILINE)
    assert len(keys) == 5
    assert set(keys) <= set(TrustConfig.model_fields)
