"""The page on the classical answers runs as printed."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "the-classical-answers.md"


def test_the_page_runs_from_top_to_bottom(capsys):
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL))
    found: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), found)
    assert "living on 2020-12-31" in capsys.readouterr().out
    whole, people = found["whole"], found["people"]
    assert whole.lower < people["lives"].sum() < whole.upper
    assert found["living"]["living"].iloc[-1] == pytest.approx(people["lives"].sum(), rel=0.06)
