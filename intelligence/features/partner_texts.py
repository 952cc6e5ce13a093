"""What partners write of themselves, as a few numbers; and how like they are to those who did well before."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from intelligence.features.attributes import attributes_of
from intelligence.features.partner_outcomes import outcomes_of
from intelligence.features.profile import lists_as_of, words_as_of
from intelligence.features.registry import Feature, FeatureSet, Group, register, static
from intelligence.features.work import Work

COMPONENTS = 24
_FEW_COMPONENTS = 6
_TEXTS_PER_COMPONENT = 20
_MIN_TEXTS = 20
_MAX_LEARN = 5_000

Vectors = npt.NDArray[np.float32]


def partner_texts(work: Work, *, industries: bool = True) -> list[str]:
    """Return the text of each row's partner as of then: description, long custom texts, industries; never the name."""
    parts = [words_as_of(work.history, "description", work.ids, work.as_of)]
    parts += [
        words_as_of(work.history, item.column, work.ids, work.as_of)
        for item in attributes_of(work.set)
        if item.kind == "text"
    ]
    fields = lists_as_of(work.history, "industries", work.ids, work.as_of) if industries else [()] * len(work.ids)
    texts = []
    for row, named in enumerate(fields):
        said = [str(part[row]) for part in parts if part[row] is not None]
        texts.append(". ".join([*said, ", ".join(named)] if named else said).strip())
    return texts


def partner_vectors(work: Work) -> Vectors:
    """Return the vector of each row's text; zeros where there is none or no encoder."""
    texts = partner_texts(work)
    distinct = sorted(set(texts) - {""})
    if work.text is None or not distinct:
        return np.zeros((len(texts), 1), dtype=np.float32)
    vectors = np.asarray(work.text.encode(distinct), dtype=np.float32)
    place = {text: row for row, text in enumerate(distinct)}
    result = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    filled = [row for row, text in enumerate(texts) if text]
    result[filled] = vectors[[place[texts[row]] for row in filled]]
    return result


def learn_projection(work: Work) -> Mapping[str, Any]:
    """Return mean and leading principal directions of the partners' texts; nothing when there are few texts."""
    vectors = partner_vectors(work)
    vectors = vectors[np.any(vectors != 0, axis=1)]
    distinct = len(np.unique(vectors, axis=0))
    if distinct < _MIN_TEXTS:
        return {"text": None}
    kept = min(COMPONENTS, max(_FEW_COMPONENTS, distinct // _TEXTS_PER_COMPONENT))
    sample = vectors[np.random.default_rng(0).permutation(len(vectors))[:_MAX_LEARN]].astype(np.float64)
    mean = sample.mean(axis=0)
    _, _, directions = np.linalg.svd(sample - mean, full_matrices=False)
    return {"text": {"mean": mean.round(6).tolist(), "directions": directions[:kept].round(6).tolist()}}


def _features(set_: FeatureSet) -> tuple[Feature, ...]:
    if not set_.parameters.get("text"):
        return ()
    return tuple(
        Feature(f"text_{k}", f"Component {k} of the partner's description", "", topic="text")
        for k in range(1, len(set_.parameters["text"]["directions"]) + 1)
    )


def _compute(work: Work) -> Mapping[str, Any]:
    projection = work.parameters.get("text")
    if not projection:
        return {}
    directions, mean = np.array(projection["directions"]), np.array(projection["mean"])
    vectors = partner_vectors(work)
    if vectors.shape[1] != len(mean):
        return {f"text_{k}": np.full(len(vectors), np.nan) for k in range(1, len(directions) + 1)}
    # einsum adds up in the same order whatever the number of rows; a BLAS product does not.
    values = np.einsum("nd,kd->nk", vectors.astype(np.float64) - mean, directions).round(6)
    values[~np.any(vectors != 0, axis=1)] = np.nan
    return {f"text_{k + 1}": values[:, k] for k in range(len(directions))}


register(Group("text", _features, _compute, learn_projection))

_LIKENESS = (
    Feature(
        "like_productive",
        "Cosine to the mean text of partners productive by then, less that to the unproductive ones",
        "Likeness to productive partners' descriptions, less that to the others: {like_productive:n}",
        topic="text",
    ),
)


def _compute_likeness(work: Work) -> Mapping[str, Any]:
    missing = {"like_productive": np.full(len(work.ids), np.nan)}
    if work.text is None or not work.parameters.get("text"):
        return missing
    known = outcomes_of(work)
    order = np.argsort(known.known_at, kind="stable")
    at = known.recruited_at[order]
    past = partner_vectors(Work(work.history.others, known.ids[order], at, work.set, work.text))
    own = partner_vectors(work)
    if past.shape[1] != own.shape[1] or not len(past):
        return missing
    cut = np.searchsorted(known.known_at[order], work.as_of, side="right")
    yes = known.label[order] > 0
    value = _cosine(own, past, yes, cut) - _cosine(own, past, ~yes, cut)
    return {"like_productive": np.where(np.any(own != 0, axis=1), value, np.nan).round(6)}


def _cosine(own: Vectors, past: Vectors, chosen: npt.NDArray[np.bool_], cut: npt.NDArray[np.intp]) -> Any:
    """Cosine of each row to the sum of the chosen past vectors before its cut; 0 where there are none."""
    cuts, row = np.unique(cut, return_inverse=True)
    totals, running, begin = np.zeros((len(cuts), own.shape[1])), np.zeros(own.shape[1]), 0
    for place, end in enumerate(cuts):
        for vector in past[begin:end][chosen[begin:end]]:
            running = running + vector  # one by one: a sum over another slice would round otherwise
        totals[place], begin = running, end
    length = np.linalg.norm(totals, axis=1)
    unit = totals / np.maximum(length, 1e-12)[:, None]
    return np.einsum("nd,nd->n", own.astype(np.float64), unit[row])


register(Group("likeness", static(*_LIKENESS), _compute_likeness))
