"""A fitted object keeps its draws apart by chain, saves whole, and loads without PyMC."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fitted_factory import MODEL, ideal_fitted, inputs_of

from sbc_prevalence.errors import ModelError, ReleaseError
from sbc_prevalence.evidence.recurrence_table import RecurrenceTable
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.smooth_incidence import SmoothIncidence
from sbc_prevalence.model.survival import PiecewiseExponentialSurvival
from sbc_prevalence.posterior import Fitted, load_fitted, storage
from sbc_prevalence.posterior.codec import CodecError, digest, encode


@pytest.fixture(scope="module", params=[False, True], ids=["national evidence", "area evidence"])
def fitted(request: pytest.FixtureRequest) -> Fitted:
    """A made-up fit."""
    return ideal_fitted(area_evidence=request.param)


def content(value: Any) -> str:
    """Hash of all that a description holds."""
    arrays: dict[str, Any] = {}
    return digest(encode(value, arrays, "x"), arrays)


def test_latent_in_chunks_is_latent_at_once(fitted: Fitted) -> None:
    whole = fitted.model.latent(fitted.flat(), fitted.inputs)
    parts = list(fitted.latent(chunk=37))
    assert [len(p["living"]) for p in parts] == [37] * 6 + [18]
    for name, values in whole.items():
        np.testing.assert_allclose(np.concatenate([p[name] for p in parts]), values, rtol=1e-12)


def test_flat_draws_run_through_the_first_chain_first(fitted: Fitted) -> None:
    name = "survival_median"
    assert fitted.draws(name).shape == (4, 60)
    np.testing.assert_array_equal(fitted.flat()[name][60:120], fitted.draws(name)[1])
    assert fitted.n_draws == 240


def test_an_unknown_parameter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"no parameter 'median'. Known: .*survival_median"):
        ideal_fitted().draws("median")


def test_prior_draws_have_the_shapes_of_the_fit(fitted: Fitted) -> None:
    prior = fitted.prior(11, seed=2)
    assert {n: v.shape for n, v in prior.items()} == {n: (11, *v.shape[2:]) for n, v in fitted.parameters.items()}


def test_parameters_that_no_evidence_reaches_keep_their_prior() -> None:
    fitted = ideal_fitted(draws=2_000)
    assert set(fitted.prior_only) == {"area_sd", "area_effect"}
    logs = np.log(fitted.draws("area_sd"))
    prior = MODEL.parameters(inputs_of())["area_sd"]
    assert logs.mean() == pytest.approx(prior.center, abs=4 * prior.sd / np.sqrt(logs.size))
    assert logs.std() == pytest.approx(prior.sd, rel=0.05)
    np.testing.assert_allclose(fitted.draws("area_effect").sum(-1), 0.0, atol=1e-12)


def test_the_representation_shows_shape_only(fitted: Fitted) -> None:
    text = repr(fitted) + fitted._repr_html_()
    assert "4 chains, 240 draws in all" in text
    assert "array(" not in text
    assert len(repr(fitted)) < 500


def test_a_fit_without_counts_says_so() -> None:
    fitted = ideal_fitted()
    bare = fitted.inputs.without("deaths")
    assert "no count informs this fit" in repr(replace(fitted, inputs=bare))
    assert "no count informs this fit" not in repr(fitted)


def test_saved_and_loaded_is_the_same(fitted: Fitted, tmp_path: Path) -> None:
    found = load_fitted(fitted.save(tmp_path / "fit.nc"))
    assert found.model == fitted.model
    assert list(found.parameters) == list(fitted.parameters)
    for name, values in fitted.parameters.items():
        np.testing.assert_array_equal(found.parameters[name], values)
    for name, values in fitted.sample_stats.items():
        np.testing.assert_array_equal(found.sample_stats[name], values)
        assert found.sample_stats[name].dtype == values.dtype
    assert content(found.inputs) == content(fitted.inputs)
    assert content(found.gate) == content(fitted.gate)
    assert dict(found.sampler) == dict(fitted.sampler)
    pd.testing.assert_frame_equal(found.gate.table, fitted.gate.table)
    pd.testing.assert_frame_equal(found.inputs.deaths_frame, fitted.inputs.deaths_frame)
    first, second = next(found.latent(20)), next(fitted.latent(20))
    np.testing.assert_array_equal(first["living"], second["living"])
    assert found.save(tmp_path / "again.nc").is_file()
    assert storage.read_fit(tmp_path / "again.nc").digest() == storage.read_fit(tmp_path / "fit.nc").digest()


def test_other_components_survive_the_round_trip(tmp_path: Path) -> None:
    model = PrevalenceModel(SmoothIncidence(), PiecewiseExponentialSurvival(cuts=(0.0, 2.0, 4.0), trend="none"),
                            overrides={"kappa_shared": {"center": 0.0, "sd": 0.1, "reason": "wider"}},
                            judgement_width=2.0)
    fitted = ideal_fitted()
    draws = {n: v.reshape(2, 15, *v.shape[1:]) for n, v in model.parameters(fitted.inputs).draw(
        np.random.default_rng(1), 30).items()}
    other = replace(fitted, model=model, parameters=draws,
                    sample_stats={n: v[:2, :15] for n, v in fitted.sample_stats.items()})
    found = load_fitted(other.save(tmp_path / "other.nc"))
    assert found.model == model
    assert found.model.specification() == model.specification()


def test_loading_needs_neither_pymc_nor_a_sampler(tmp_path: Path) -> None:
    path = ideal_fitted().save(tmp_path / "fit.nc")
    code = (f"import sys; from sbc_prevalence.posterior import load_fitted; f = load_fitted({str(path)!r}); "
            "next(f.latent(10)); print([m for m in ('pymc', 'pytensor', 'nutpie', 'matplotlib') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_file_opens_with_xarray_and_names_its_axes(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    fitted = ideal_fitted()
    data = xarray.open_dataset(fitted.save(tmp_path / "fit.nc"), group="posterior", engine="h5netcdf")
    assert data["area_effect"].dims == ("chain", "draw", "presentation", "area")
    np.testing.assert_array_equal(data["survival_median"].to_numpy(), fitted.draws("survival_median"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    path = ideal_fitted(draws=20).save(tmp_path / "fit.nc")
    whole = path.read_bytes()
    path.write_bytes(whole[:int(share * len(whole))])
    with pytest.raises(ReleaseError, match=r"cut short or altered|altered or cut short|not a fit"):
        load_fitted(path)


def test_a_flipped_byte_is_refused_or_without_effect(tmp_path: Path) -> None:
    fitted = ideal_fitted(draws=20)
    path = fitted.save(tmp_path / "fit.nc")
    whole, truth = path.read_bytes(), storage.read_fit(path).digest()
    rng = np.random.default_rng(8)
    refused = 0
    for at in rng.integers(0, len(whole), 60):
        altered = bytearray(whole)
        altered[at] ^= 0xFF
        path.write_bytes(bytes(altered))
        try:
            found = storage.read_fit(path)
        except ReleaseError:
            refused += 1
        else:
            assert found.digest() == truth
    assert refused >= 30


def test_altered_draws_are_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = ideal_fitted(draws=20).save(tmp_path / "fit.nc")
    with h5py.File(path, "r+") as file:
        file["posterior/survival_median"][0, 0] += 1e-9
    with pytest.raises(ReleaseError, match=r"'fit.nc' is altered or cut short: its content does not match"):
        load_fitted(path)


def test_another_netcdf_file_is_refused(tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    xarray.Dataset({"x": ("y", [1.0])}).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with pytest.raises(ReleaseError, match=r"'x.nc' is not a fit of this package"):
        load_fitted(tmp_path / "x.nc")
    with pytest.raises(ReleaseError, match=r"there is no fit at 'absent.nc'"):
        load_fitted(tmp_path / "absent.nc")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = ideal_fitted(draws=20)
    path = fitted.save(tmp_path / "fit.nc")
    before = path.read_bytes()

    def fail(partial: Path, stored: storage.StoredFit) -> None:
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_write", fail)
    with pytest.raises(ReleaseError, match=r"'fit.nc' could not be written: No space left on device"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"the folder of 'fit.nc' does not exist"):
        ideal_fitted(draws=20).save(tmp_path / "absent" / "fit.nc")


def test_a_class_that_is_not_listed_is_not_stored() -> None:
    with pytest.raises(CodecError, match="'x' of type object cannot be stored"):
        encode(object(), {}, "x")
    assert RecurrenceTable.__name__ in str(encode(inputs_of(), {}, "x"))


def test_nothing_is_pickled() -> None:
    source = Path(storage.__file__).parent
    texts = {p.name: p.read_text() for p in source.glob("*.py")}
    assert not [name for name, text in texts.items() if "import pickle" in text or "allow_pickle" in text]
