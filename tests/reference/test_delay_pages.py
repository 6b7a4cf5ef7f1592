"""The page on reporting delay shows what its own code prints."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "reporting-delay.md").read_text("utf-8")


def test_the_page_shows_what_its_code_prints(capsys):
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(block, {})
    assert capsys.readouterr().out.strip() in PAGE
