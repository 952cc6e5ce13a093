"""The answer of a match, written once: the body of the response, and the shorter form that is stored."""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from api.schemas_matching import Candidate
from api.schemas_scores import Factor
from intelligence.matching.answers import KeptOut

Row = dict[str, Any]

_CANDIDATE = tuple(name for name in Candidate.model_fields if name not in ("factors", "similar_wins"))
_FACTOR = tuple(name for name in Factor.model_fields if name != "sentence")


def candidate_of(row: Mapping[str, Any], details: Mapping[str, Any]) -> Row:
    """Return a candidate with the fields of `schemas_matching.Candidate`, in plain values: nothing is checked again."""
    known = {**row, **details}
    return {name: known[name] for name in _CANDIDATE} | {
        "factors": [
            {name: factor[name] for name in _FACTOR} | {"sentence": factor["text"]} for factor in details["factors"]
        ],
        "similar_wins": details["similar_wins"],
    }


def written(answer: Row, kept_out: Sequence[KeptOut]) -> tuple[bytes, str]:
    """Return the body of the response, and what is stored.

    Thousands of partners are kept out for a few dozen reasons: the body tells of each partner, what is stored of each
    reason (`store.match_runs.as_answered` reads it). Both are put together of the same pieces.

    Examples
    --------
    >>> written({"match_id": "1"}, [KeptOut(["A", "B"], ["away"], ["Is away"])])[1]
    '{"match_id":"1","excluded":[{"partners":["A","B"],"codes":["away"],"texts":["Is away"]}]}'
    """
    rows, groups = [], []
    for group in kept_out:
        names = list(map(encode_basestring, group.partners))
        said = f',"codes":{as_json(group.codes)},"texts":{as_json(group.texts)}}}'
        rows.append('{"partner":' + (said + ',{"partner":').join(names) + said)
        groups.append(f'{{"partners":[{",".join(names)}]{said}')
    head = as_json(answer)[:-1]
    full, short = (f'{head},"excluded":[{",".join(each)}]}}' for each in (rows, groups))
    return full.encode(), short


def as_json(value: Any) -> str:
    """Return plain values as JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
