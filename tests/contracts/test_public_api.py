"""The public face is small, explicit and light."""

import subprocess
import sys

import pytest

import sbc_prevalence


def test_public_names_are_at_most_thirty_and_all_load():
    assert len(sbc_prevalence.__all__) <= 30
    assert sorted(sbc_prevalence.__all__) == list(sbc_prevalence.__all__)
    for name in sbc_prevalence.__all__:
        assert getattr(sbc_prevalence, name) is not None


def test_nothing_leaks_but_what_is_promised():
    public = {n for n in vars(sbc_prevalence) if not n.startswith("_")}
    modules = {n for n in public if type(getattr(sbc_prevalence, n)).__name__ == "module"}
    assert public - modules - set(sbc_prevalence.__all__) <= {"TYPE_CHECKING", "Any", "import_module"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="incidense"):
        sbc_prevalence.incidense  # noqa: B018


def test_importing_loads_neither_pymc_nor_matplotlib_nor_pandas():
    heavy = "pymc", "pytensor", "nutpie", "matplotlib", "arviz", "pandas", "numpy"
    code = f"import sys, sbc_prevalence; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_models_and_fits_are_readable_without_pymc():
    code = (
        "import sys, sbc_prevalence as s\n"
        "s.PrevalenceModel, s.load_fitted, s.estimate, s.read_release\n"
        "print([m for m in ('pymc', 'pytensor', 'nutpie') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
