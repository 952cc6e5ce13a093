"""The bundled sentence model: real weights, no network."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ArtefactInvalid, InvalidInput
from models import embedder as module
from models.embedder import Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_near_in_meaning_is_near_in_space(embedder: Embedder) -> None:
    cloud, server, bread = embedder.encode(["cloud migration", "moving servers into the cloud", "a bakery in Lyon"])
    assert cloud @ server > 0.6
    assert cloud @ bread < 0.3


def test_vectors_are_unit_float32_and_do_not_depend_on_company(embedder: Embedder) -> None:
    texts = ["a", "reseller of network gear " * 40, "мой партнёр", "企業 🚀"]
    together = embedder.encode(texts)
    assert (together.dtype, together.shape) == (np.float32, (4, 384))
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.vstack([embedder.encode([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_nothing_to_encode(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


def test_key_and_dimension_are_known_without_the_model() -> None:
    fresh = Embedder()
    assert (fresh.key, fresh.dimension) == ("all-MiniLM-L6-v2", 384)
    assert "_model" not in vars(fresh)


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Embedder()._folder
    copy = tmp_path / "model"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    (copy / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(module, "_find_folder", lambda _name: copy)
    with pytest.raises(ArtefactInvalid, match="its hash differs"):
        Embedder().encode(["text"])


def test_a_folder_has_a_key_of_its_weights(embedder: Embedder) -> None:
    named = Embedder(str(embedder._folder))
    assert named.key == "model@53aa51172d142c89"
    assert named.dimension == 384


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither"):
        Embedder(str(tmp_path / "none"))
