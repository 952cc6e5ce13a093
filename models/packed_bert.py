"""The forward pass of a BERT sentence encoder on a processor, without padding.

Tokens of many texts lie one after the other in one matrix, so every product is over words only and large. Texts of the
same length attend side by side. A text's vector is the same to the last bit whatever other texts it is computed with.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_AT_ONCE = 2048
"""Word pieces of a pass: large enough for full speed, small enough for the processor's caches."""
_WEIGHTS_FILE = "model.safetensors"
_MODULES = ["Transformer", "Pooling", "Normalize"]
_EPSILON = 1e-12


class PackedBert:
    """A BERT encoder with mean pooling and vectors of unit length, as sentence-transformers stores it.

    Parameters
    ----------
    folder : Path
        Of a model that `can_read` accepts.
    bfloat16 : bool
        Whether products are of 16-bit numbers (8 of them for the mantissa, summed up in 32 bits); else 32-bit ones.
    most_word_pieces : int
        Of a text so many count, the marks of its beginning and end among them.
    """

    def __init__(self, folder: Path, *, bfloat16: bool, most_word_pieces: int) -> None:
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        config = _read(folder / "config.json")
        weights = load_file(folder / _WEIGHTS_FILE)
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config.get("layer_norm_eps", _EPSILON))
        self._type = torch.bfloat16 if bfloat16 else torch.float32
        self._words = weights["embeddings.word_embeddings.weight"]
        kinds = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + kinds[0]
        self._first_norm = _both(weights, "embeddings.LayerNorm")
        self._layers = [self._layer(weights, n) for n in range(int(config["num_hidden_layers"]))]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(min(most_word_pieces, len(self._places)))

    @staticmethod
    def can_read(folder: Path) -> bool:
        """Tell whether the model in `folder` is of the kind that is computed here."""
        try:
            config, pooling = _read(folder / "config.json"), _read(folder / "1_Pooling" / "config.json")
            modules = [module["type"].rpartition(".")[2] for module in _read(folder / "modules.json")]
        except (OSError, ValueError, TypeError, KeyError):
            return False
        plain = config.get("model_type") == "bert" and config.get("hidden_act") == "gelu"
        absolute = config.get("position_embedding_type", "absolute") == "absolute"
        mean = pooling.get("pooling_mode") == "mean" or [
            name for name, on in pooling.items() if name.startswith("pooling_mode_") and on
        ] == ["pooling_mode_mean_tokens"]
        there = (folder / _WEIGHTS_FILE).is_file() and (folder / "tokenizer.json").is_file()
        return plain and absolute and mean and modules == _MODULES and there

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per text, shape (n, d)."""
        import torch

        spelt = [text.encode("utf-8", errors="replace").decode() for text in texts]  # no halves of surrogate pairs
        pieces = [np.array(found.ids) for found in self._tokenizer.encode_batch_fast(spelt)]
        order = sorted(range(len(pieces)), key=lambda row: len(pieces[row]))
        result = np.empty((len(pieces), self._words.shape[1]), dtype=np.float32)
        with torch.inference_mode():
            for rows in _passes(order, [len(found) for found in pieces]):
                result[rows] = self._pass([pieces[row] for row in rows])
        return result

    def _pass(self, pieces: list[npt.NDArray[np.int64]]) -> Vectors:
        """Return the vectors of texts sorted by their length."""
        import torch

        lengths = np.array([len(found) for found in pieces])
        places = np.concatenate([np.arange(length) for length in lengths])
        x = self._words[torch.from_numpy(np.concatenate(pieces))] + self._places[torch.from_numpy(places)]
        x = self._normed(x, self._first_norm).to(self._type)
        blocks = [(length, len(list(same))) for length, same in groupby(lengths.tolist())]
        for asked, answered, norm, inner, outer, last_norm in self._layers:
            x = self._normed(answered(self._attended(asked(x), blocks), x), norm)
            x = self._normed(outer(inner(x), x), last_norm)
        sums = np.add.reduceat(x.float().numpy(), np.cumsum(lengths) - lengths, axis=0)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def _attended(self, x: Any, blocks: list[tuple[int, int]]) -> Any:
        """Return what each word takes from the words of its text; `x` holds queries, keys and values side by side."""
        import torch

        width = x.shape[1] // 3
        result, start = torch.empty(len(x), width, dtype=x.dtype), 0
        for length, texts in blocks:
            stop = start + length * texts
            parts = x[start:stop].view(texts, length, 3, self._heads, width // self._heads)
            found = torch.nn.functional.scaled_dot_product_attention(*parts.permute(2, 0, 3, 1, 4).unbind(0))
            result[start:stop].view(texts, length, self._heads, -1).copy_(found.transpose(1, 2))
            start = stop
        return result

    def _normed(self, x: Any, norm: tuple[Any, Any]) -> Any:
        import torch

        return torch.nn.functional.layer_norm(x, x.shape[1:], *norm, self._epsilon)

    def _layer(self, weights: dict[str, Any], number: int) -> tuple[Any, ...]:
        import torch

        def linear(*names: str, gelu: bool = False) -> _Linear:
            parts = [_both(weights, f"encoder.layer.{number}.{name}") for name in names]
            weight, bias = (torch.cat(side).to(self._type).contiguous() for side in zip(*parts, strict=True))
            return _Linear(weight, bias, gelu=gelu)

        def norm(name: str) -> tuple[Any, Any]:
            weight, bias = _both(weights, f"encoder.layer.{number}.{name}.LayerNorm")
            return weight.to(self._type), bias.to(self._type)

        return (
            linear("attention.self.query", "attention.self.key", "attention.self.value"),
            linear("attention.output.dense"),
            norm("attention.output"),
            linear("intermediate.dense", gelu=True),
            linear("output.dense"),
            norm("output"),
        )


class _Linear:
    """A linear layer by oneDNN with what follows it in the same step; by PyTorch where oneDNN is not.

    PyTorch's own choice for 32-bit numbers, MKL, uses half the width of other makers' processors.
    """

    def __init__(self, weight: Any, bias: Any, *, gelu: bool) -> None:
        import torch

        self._weight, self._bias, self._gelu = weight, bias, gelu
        usable = torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
            torch.ops.mkldnn, "_linear_pointwise"
        )
        if usable and weight.dtype == torch.bfloat16:
            usable = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        self._onednn = torch.ops.mkldnn._linear_pointwise if usable else None
        if usable:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, _AT_ONCE)

    def __call__(self, x: Any, added: Any = None) -> Any:
        """Return the product, with `added` on top if there is any."""
        import torch

        if self._onednn is None:
            product = torch.nn.functional.linear(x, self._weight, self._bias)
            product = torch.nn.functional.gelu(product) if self._gelu else product
            return product if added is None else product + added
        if added is not None:
            return self._onednn.binary(x, added, self._weight, self._bias, "add")
        return self._onednn(x, self._weight, self._bias, "gelu" if self._gelu else "none", [], "none")


def _passes(order: list[int], lengths: list[int]) -> Iterator[list[int]]:
    """Cut rows into parts of at most so many word pieces."""
    part: list[int] = []
    held = 0
    for row in order:
        if part and held + lengths[row] > _AT_ONCE:
            yield part
            part, held = [], 0
        part.append(row)
        held += lengths[row]
    if part:
        yield part


def _both(weights: dict[str, Any], name: str) -> tuple[Any, Any]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
