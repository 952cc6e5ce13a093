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


@pytest.mark.parametrize("engine", ["float32", "bfloat16"])
def test_vectors_are_unit_float32_and_do_not_depend_on_company(engine: str) -> None:
    embedder = Embedder(engine=engine)
    texts = [
        "a",
        "reseller of network gear " * 40,
        "мой партнёр",
        "企業 🚀",
        "\ud800",
        " ",
        *(f"{n} shops" for n in range(9)),
    ]
    together = embedder.encode(texts)
    assert (together.dtype, together.shape) == (np.float32, (len(texts), 384))
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.vstack([embedder.encode([text]) for text in texts])
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize(("engine", "far"), [("float32", 1e-5), ("bfloat16", 0.02)])
def test_vectors_are_those_of_sentence_transformers(engine: str, far: float, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["cloud migration", "payroll for staff in several places", "a bakery in Lyon " * 50, "Größe, İstanbul", "x"]
    found = Embedder(engine=engine).encode(texts)
    monkeypatch.setattr(module.PackedBert, "can_read", staticmethod(lambda _folder: False))
    plain = Embedder(engine=engine)
    assert plain.key == "all-MiniLM-L6-v2"
    np.testing.assert_allclose(found, plain.encode(texts), atol=far)


def test_more_words_than_fit_one_pass_and_other_threads_change_nothing(embedder: Embedder) -> None:
    texts = [f"{number} people sell {'network gear ' * (number % 70)}" for number in range(150)]
    other = Embedder(threads=1).encode(texts)
    np.testing.assert_allclose(embedder.encode(texts), other, atol=2e-3)
    np.testing.assert_allclose(embedder.encode(texts[::-1]), embedder.encode(texts)[::-1], atol=0)


def test_without_onednn_pytorch_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Embedder(engine="float32").encode(["cloud migration", "bread"])
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
    np.testing.assert_allclose(Embedder(engine="float32").encode(["cloud migration", "bread"]), expected, atol=1e-5)
    exact = Embedder(engine="bfloat16").encode(["cloud migration", "bread"])
    np.testing.assert_allclose(exact, expected, atol=0.02)


def test_nothing_to_encode(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, 384)


def test_key_and_dimension_are_known_without_the_model() -> None:
    fresh = Embedder(engine="float32")
    assert (fresh.key, fresh.dimension) == ("all-MiniLM-L6-v2", 384)
    assert "_model" not in vars(fresh)


@pytest.mark.parametrize(
    ("processor", "key"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 rdpid\n", "all-MiniLM-L6-v2+bf16"),
        ("flags\t\t: fpu avx2 fma\n", "all-MiniLM-L6-v2"),
        ("processor : 0\nFeatures : fp asimd bf16 i8mm\n", "all-MiniLM-L6-v2+bf16"),
        ("", "all-MiniLM-L6-v2"),
        (None, "all-MiniLM-L6-v2"),
    ],
)
def test_the_processor_decides_and_the_key_tells(
    processor: str | None, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if processor is not None:
        (tmp_path / "cpuinfo").write_text(processor)
    monkeypatch.setattr(module, "_PROCESSOR", tmp_path / "cpuinfo")
    assert Embedder().key == key
    assert Embedder(engine="bfloat16").key == "all-MiniLM-L6-v2+bf16"


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Embedder()._folder
    copy = tmp_path / "model"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    (copy / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(module, "_find_folder", lambda _name: copy)
    with pytest.raises(ArtefactInvalid, match="its hash differs"):
        Embedder().encode(["text"])


def test_a_folder_has_a_key_of_its_weights(embedder: Embedder) -> None:
    named = Embedder(str(embedder._folder), engine="float32")
    assert named.key == "model@53aa51172d142c89"
    assert Embedder(str(embedder._folder), engine="bfloat16").key == "model@53aa51172d142c89+bf16"
    assert named.dimension == 384


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither"):
        Embedder(str(tmp_path / "none"))
