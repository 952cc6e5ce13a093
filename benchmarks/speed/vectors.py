"""Neighbours among many vectors: our index beside comparing all. ``python -m benchmarks speed-vectors``.

Real vectors (of texts that are generated and of what is written in this service's libraries) are mixed and disturbed
until there are enough; random directions, which have no neighbourhoods, are the hard case.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.embedding import corpora
from benchmarks.speed.harness import apart, exponent, in_turns, peak_mib, seconds_of
from models.embedder import Embedder
from models.vectors import VectorIndex

_QUERIES, _K, _DIMENSION = 100, 200, 384
_AT_ONCE = 50_000


def main(arguments: list[str]) -> str:
    """Return the tables."""
    parser = argparse.ArgumentParser(prog="speed-vectors", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 250_000, 1_000_000])
    parser.add_argument("--random", type=int, default=200_000, help="random vectors, the hard case; 0: none")
    parser.add_argument("--texts", type=int, default=4_000, help="texts whose vectors the others are made of")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "real.npy"
        np.save(kept, _real(options.texts))
        cases = [("texts", size) for size in options.sizes] + [("random", options.random)] * (options.random > 0)
        found = [apart(_measure, kind, size, str(kept), options.runs).result for kind, size in cases]
    rows = [_row(case, result) for case, result in zip(cases, found, strict=True)]
    head = (
        f"| vectors | n | recall@{_K} | {_QUERIES} queries: ours / exact | one query: ours / exact | one query, ms "
        "| made, s | exact made, s | added 1,000, s | loaded, s | peak with the vectors given, MiB |"
    )
    lines = [head, "|---" * 11 + "|", *rows]
    if len(options.sizes) > 1:
        ours, exact = (
            exponent(options.sizes, [found[i][name] for i in range(len(options.sizes))]) for name in ("ours", "exact")
        )
        lines += ["", f"Cost of one query grows as n^{ours:.2f}; comparing all as n^{exact:.2f}."]
    return "\n".join(lines)


def _row(case: tuple[str, int], of: dict[str, Any]) -> str:
    return (
        f"| {case[0]} | {case[1]:,} | {of['recall']:.4f} | {of['many']} | {of['one']} | {1000 * of['ours']:.2f} "
        f"| {of['made']:.1f} | {of['exact_made']:.1f} | {of['added']:.2f} | {of['loaded']:.2f} | {of['peak']:,.0f} |"
    )


def _measure(kind: str, size: int, kept: str, runs: int) -> dict[str, Any]:
    """Compare on one thread each; queries are disturbed like the rest, and not among what is searched."""
    import faiss

    vectors, queries = _vectors(kind, size, kept, seed=1), _vectors(kind, _QUERIES, kept, seed=2)
    index, exact = VectorIndex(_DIMENSION), faiss.IndexFlatIP(_DIMENSION)
    made = seconds_of(partial(index.add, np.arange(size), vectors))  # on all processors, as in use
    peak = peak_mib()
    exact_made = seconds_of(partial(exact.add, vectors))
    del vectors
    faiss.omp_set_num_threads(1)
    nearest, found = exact.search(queries, _K)[1], index.search(queries, _K)[0]
    many = in_turns(lambda: index.search(queries, _K), lambda: exact.search(queries, _K), runs)
    few = queries[:20]
    one = in_turns(
        lambda: [index.search(query[None], _K) for query in few],
        lambda: [exact.search(query[None], _K) for query in few],
        runs,
    )
    more = _vectors(kind, 1000, kept, seed=3)
    added = seconds_of(lambda: index.add(np.arange(1000) * 7, more))
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        began = time.perf_counter()
        VectorIndex.load(Path(folder))
        loaded = time.perf_counter() - began
    return {
        "recall": float(np.mean([np.isin(right, row).mean() for right, row in zip(nearest, found, strict=True)])),
        "many": many.told(),
        "one": one.told(),
        "ours": float(np.median(one.ours)) / len(few),
        "exact": float(np.median(one.peer)) / len(few),
        "peak": peak,
        "made": made,
        "exact_made": exact_made,
        "added": added,
        "loaded": loaded,
    }


def _real(texts: int) -> np.ndarray:
    return np.concatenate([Embedder().encode(found) for found in corpora(texts // 2).values()])


def _vectors(kind: str, size: int, kept: str, seed: int) -> np.ndarray:
    """Return unit vectors: each between two real ones, nearer to the first, and disturbed; or any directions."""
    rng, found = np.random.default_rng(seed), np.empty((size, _DIMENSION), dtype=np.float32)
    real = np.load(kept)
    for start in range(0, size, _AT_ONCE):
        n = min(_AT_ONCE, size - start)
        noise = rng.standard_normal((n, _DIMENSION), dtype=np.float32)
        if kind == "texts":
            share = rng.random((n, 1), dtype=np.float32) / 2
            noise = 0.02 * noise + (1 - share) * real[rng.integers(0, len(real), n)]
            noise += share * real[rng.integers(0, len(real), n)]
        found[start : start + n] = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return found
