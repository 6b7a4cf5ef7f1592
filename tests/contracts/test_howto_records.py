"""The page on patient records runs as it stands."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "from-records-to-evidence.md"


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    text = PAGE.read_text("utf-8")
    (toml,), (code,) = (re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL) for kind in ("toml", "python"))
    monkeypatch.chdir(tmp_path)
    Path("our_sheet.toml").write_text(toml, "utf-8")
    found: dict = {}
    exec(code, found)
    printed = capsys.readouterr().out
    assert printed.startswith("our_sheet: 4 rows, 0 problems, ")
    assert "Cases(name='our_sheet', rows=4, columns=43)" in printed
    assert found["counts"]["count"].sum() == 4
    assert found["living"].groupby("index_date")["count"].sum().to_dict() == {"2022-12-31": 3, "2024-02-29": 2}
    assert found["survival"]["deaths"].sum() == 2
