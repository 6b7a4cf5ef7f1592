"""The pages on delay and on cases found at death show what their own code prints."""

import re
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.mark.parametrize("name", ["reporting-delay", "found-at-death"])
def test_the_page_shows_what_its_code_prints(name, capsys):
    page = (HOW_TO / f"{name}.md").read_text("utf-8")
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(block, {})
        assert capsys.readouterr().out.strip() in page


def test_the_numbers_on_mention_are_those_of_the_flow():
    page = " ".join((HOW_TO / "found-at-death.md").read_text("utf-8").split())
    shares = [m * 0.9 / (0.1 + m * 0.9) for m in (0.8, 0.4)]
    assert f"about {100 * shares[0]:.0f} % with m = 0.8 and {100 * shares[1]:.0f} % with m = 0.4" in page
