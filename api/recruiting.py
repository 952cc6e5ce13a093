"""What recruiters ask of single companies: scores of some, one as its profile might be, who would fill a gap."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.dependencies import Services
from api.schemas_scores import FitScore
from domain.context import SYSTEM
from domain.language import spoken
from domain.terms import RECRUITABLE, ModelName
from intelligence.scoring.fit import STANDING, FitScores, fit_edited, fit_scores
from intelligence.scoring.reasons import told
from intelligence.scoring.served import naive, plain_rows
from intelligence.scoring.white_space import Dimension, company_standing, prospects_covering, standings

Row = dict[str, Any]

_FACTORS = 12
_NO_PROFILE = ("id", "external_id", "row_version", "row_created_at", "row_updated_at")


def scores_of(services: Services, partners: Sequence[Row]) -> dict[str, FitScore]:
    """Return the newest score of each company, stored or computed now, by external id; of rows of partners.

    One that has none and is not to be recruited any more is left out.
    """
    found = _stored(services, partners)
    lacking = [row["external_id"] for row in partners if row["external_id"] not in found and _is_open(row)]
    if lacking:
        found |= {row["partner"]: row for row in _rows(fit_scores(services.intelligence, None, lacking))}
    bare = [key for key, row in found.items() if STANDING not in row]
    added = standings(services.intelligence, bare) if bare else []
    standing = {key: where.as_json() for key, where in zip(bare, added, strict=True)}
    names = {row["external_id"]: row["name"] for row in partners}
    return {key: _score(row, names[key], row.get(STANDING) or standing[key]) for key, row in found.items()}


def edited_score(services: Services, partner: Row, changes: Mapping[str, Any]) -> FitScore:
    """Return the score of a company of the store as if its profile said something else; nothing is kept."""
    row = _rows(fit_edited(services.intelligence, partner["external_id"], changes))[0]
    profile = {name: value for name, value in (partner | dict(changes)).items() if name not in _NO_PROFILE}
    return _score(row, profile["name"], company_standing(services.intelligence, profile).as_json())


def fillers(services: Services, dimension: Dimension, value: str) -> list[str]:
    """Return the external ids of prospects that cover a value of the white space."""
    return prospects_covering(services.intelligence, dimension, value)


def _is_open(row: Row) -> bool:
    return row["status"] in RECRUITABLE


def _stored(services: Services, partners: Sequence[Row]) -> dict[str, Row]:
    keys = {row["id"]: row["external_id"] for row in partners}
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        horizon = services.settings.fit_horizon_days
        found = work.scores.latest(ModelName.FIT, horizon, until=services.clock(), partner_ids=list(keys))
    language = spoken()
    return {
        keys[id_]: told(score.details, naive(score.as_of), language) | {"as_of": score.as_of, "partner": keys[id_]}
        for id_, score in found.items()
    }


def _rows(scored: FitScores) -> list[Row]:
    """Return scored rows, each with its base and factors."""
    why = scored.explanation
    if why is None:
        return []
    return [
        row | {"base": float(why.base[place]), "factors": why.factors(place, limit=_FACTORS)}
        for place, row in enumerate(plain_rows(scored.frame))
    ]


def _score(row: Row, name: str | None, standing: Row) -> FitScore:
    lists = {
        several: [str(row[f"{one}_{k}"]) for k in (1, 2, 3) if row.get(f"{one}_{k}")]
        for several, one in (("reasons", "reason"), ("similar", "similar"))
    }
    return FitScore.model_validate(row | standing | lists | {"name": name})
