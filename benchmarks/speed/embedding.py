"""Vectors of texts beside plain sentence-transformers. ``python -m benchmarks speed-embedding``.

Three kinds of texts, none made for this: what partners, leads and papers of generated programmes say, put together in
several lengths; paragraphs of English documentation of libraries; the words of this service's pages in four languages.
"""

import argparse
import ast
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.speed.harness import apart, exponent, in_turns
from benchmarks.workspace import ROOT
from demo import vocabulary
from domain.settings import Settings
from intelligence.features.text import TextEncoder
from models.embedder import BFLOAT16, FLOAT32, Embedder
from store.engine import create_store_engine
from store.migrate import upgrade

_LIBRARIES = ("numpy", "scipy", "pandas", "sklearn")
_MESSAGE = re.compile(r'^msg(?:id|str) ((?:".*"\n)+)', re.MULTILINE)
_TOP, _QUERIES = 10, 1000


def main(arguments: list[str]) -> str:
    """Return the tables."""
    parser = argparse.ArgumentParser(prog="speed-embedding", description=__doc__)
    parser.add_argument("--texts", type=int, default=200, help="texts of a kind that are timed")
    parser.add_argument("--compared", type=int, default=5000, help="texts of a kind among which neighbours are sought")
    parser.add_argument("--cached", type=int, default=100_000, help="vectors read from the cache")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    lines = [
        "| texts | computation | plain / ours | the same, both of 128 word pieces | ours, texts a second "
        f"| overlap of the nearest {_TOP} |",
        "|---" * 6 + "|",
    ]
    for kind, texts in corpora(options.compared).items():
        lines += apart(_compare, kind, texts, options.texts, options.runs, options.threads).result
    sizes = [options.cached // 16, options.cached // 4, options.cached]
    seconds = [apart(_read, size).result for size in sizes]
    told = ", ".join(f"{size:,}: {size / took:,.0f} a second" for size, took in zip(sizes, seconds, strict=True))
    return "\n".join([*lines, "", f"Read from the cache: {told}; cost grows as n^{exponent(sizes, seconds):.2f}."])


def _compare(kind: str, texts: list[str], timed: int, runs: int, threads: int) -> list[str]:
    ours = {engine: Embedder(threads=threads, engine=engine) for engine in (BFLOAT16, FLOAT32)}
    ours[FLOAT32].encode(texts[:1])  # LightGBM and torch are loaded in their order, and torch told its threads
    plain, shorter = _plain(None), _plain(128)
    some = texts[:timed]
    same = shorter(texts)
    rows = []
    for engine, embedder in ours.items():
        vectors = embedder.encode(texts)
        first = in_turns(partial(plain, some), partial(embedder.encode, some), runs)
        second = in_turns(partial(shorter, some), partial(embedder.encode, some), runs)
        rows.append(
            f"| {kind} | {engine} | {first.told()} | {second.told()} | {timed / np.median(first.peer):,.0f} "
            f"| {overlap(same, vectors):.3f} |"
        )
    return rows


def _plain(word_pieces: int | None) -> Callable[[list[str]], Any]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Embedder()._folder), device="cpu", local_files_only=True)
    model.max_seq_length = word_pieces or model.max_seq_length
    return partial(model.encode, normalize_embeddings=True, show_progress_bar=False)


def overlap(expected: np.ndarray, found: np.ndarray) -> float:
    """Return which share of the nearest ten by `expected` is among those by `found`, on average over texts."""
    asked = np.random.default_rng(1).choice(len(expected), min(_QUERIES, len(expected)), replace=False)
    right, ours = (_nearest(vectors, asked) for vectors in (expected, found))
    return float(np.mean([np.isin(one, other).mean() for one, other in zip(right, ours, strict=True)]))


def _nearest(vectors: np.ndarray, asked: np.ndarray) -> np.ndarray:
    likeness = vectors[asked] @ vectors.T
    likeness[np.arange(len(asked)), asked] = -2
    return np.argpartition(-likeness, _TOP, axis=1)[:, :_TOP]


def _read(size: int) -> float:
    """Return in how many seconds a fresh process reads so many vectors from the store."""
    texts = [f"text number {number}" for number in range(size)]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        engine = create_store_engine(f"sqlite:///{folder}/cache.db")
        upgrade(engine)
        first = TextEncoder(engine, settings)
        rows = np.random.default_rng(1).standard_normal((size, first.dimension), dtype=np.float32)
        with patch.object(Embedder, "encode", lambda _self, asked: rows[: len(asked)]):
            first.encode(texts)
        second = TextEncoder(engine, settings)
        began = time.perf_counter()
        second.encode(texts)
        took = time.perf_counter() - began
        engine.dispose()
    return took


def corpora(most: int) -> dict[str, list[str]]:
    """Return at most so many distinct texts of each kind, in an order of chance that is always the same."""
    found = {"programme": _programme(most), "documentation": _paragraphs(), "pages, four languages": _messages()}
    kinds = {}
    for kind, texts in found.items():
        distinct = list(dict.fromkeys(texts))
        random.Random(5).shuffle(distinct)  # noqa: S311
        kinds[kind] = distinct[:most]
    return kinds


def _programme(most: int) -> Iterator[str]:
    rng = random.Random(5)  # noqa: S311
    topics, pairs = len(vocabulary.TOPICS), len(vocabulary.STRENGTH_PAIRS)
    said: tuple[Callable[[], str], ...] = (
        lambda: vocabulary.ask(rng.randrange(topics), rng.randrange(vocabulary.ASKS_A_TOPIC)),
        lambda: vocabulary.profile(rng.randrange(pairs), rng.randrange(9)),
        lambda: vocabulary.asset_body(rng.randrange(topics), rng.randrange(4)),
        lambda: vocabulary.asset_title(rng.randrange(topics), rng.randrange(6), rng.randrange(40)) + ".",
    )
    for _ in range(2 * most):
        sentences = [rng.choice(said)() for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8)))]
        industry, people = rng.choice(vocabulary.INDUSTRIES).capitalize(), rng.randrange(3, 900)
        yield " ".join([*sentences, f"{industry}, {people} people, {vocabulary.company_name(rng.randrange(3000))}."])


def _paragraphs() -> Iterator[str]:
    for name in _LIBRARIES:
        spec = find_spec(name)
        root = Path(next(iter(spec.submodule_search_locations or ()))) if spec else ROOT
        for path in sorted(root.rglob("*.py")):
            if "tests" not in path.parts:
                yield from _documented(path)


def _documented(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                text = " ".join(paragraph.split())
                if 40 <= len(text) <= 1500 and ">>>" not in text and "---" not in text:
                    yield text


def _messages() -> Iterator[str]:
    for path in sorted((ROOT / "api" / "console" / "locale").glob("*.po")):
        for found in _MESSAGE.findall(path.read_text(encoding="utf-8")):
            text = " ".join("".join(map(ast.literal_eval, found.splitlines())).split())
            if len(text) >= 12:
                yield text
