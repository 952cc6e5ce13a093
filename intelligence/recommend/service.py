"""Recommendations of content and offers: who should see what next, how probable an engagement is, and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import logit

from domain.errors import InvalidInput, UnknownReference
from domain.settings import closing
from domain.terms import Evidence, PartnerStatus, evidence_level
from intelligence.context import BASELINE, Intelligence
from intelligence.features.item_features import FINGERPRINT, ItemFeatures
from intelligence.features.item_log import Ints, ItemLog, instant_micros
from intelligence.features.item_state import ItemSpace
from intelligence.features.text import as_learned
from intelligence.recommend.factors import factor_lists
from intelligence.recommend.fatigue import Reaction
from intelligence.recommend.ranking import KINDS, Ranking, Wish, item_space, rank_items
from intelligence.recommend.reasons import Reasons
from intelligence.recommend.worth import ORDERS, worths
from store.recommendation_feedback import RecommendationFeedbackRepository

if TYPE_CHECKING:
    from models.recommend import RecommendModel

COLUMNS = ("partner", "rank", "kind", "item", "p_engage", "reason", "model_version")
DETAILS = ("low", "high", "evidence", "n", "title", "worth", "base", "factors")
_GONE = (PartnerStatus.ENDED, PartnerStatus.REJECTED)


def recommend(
    context: Intelligence,
    kind: str | None = None,
    partners: Sequence[str] | None = None,
    top: int = 10,
    as_of: datetime | None = None,
    *,
    order: str = "engagement",
    detail: bool = False,
) -> pd.DataFrame:
    """Recommend assets and offers that partners have not engaged with.

    Parameters
    ----------
    context : Intelligence
        Store, settings, registry.
    kind : {"asset", "offer"}, optional
        Only these; both in one list when not given.
    partners : sequence of str, optional
        The caller's ids. All that were not ended or rejected when not given; prospects only if they ever
        engaged with something, or if the programme has no others.
    top : int, default=10
        Items a partner, at most: fewer where no more may be shown.
    as_of : datetime, optional
        The instant that the answer is for; now when not given.
    order : {"engagement", "value", "uplift"}, default="engagement"
        Value, for offers: ``p_engage`` times what one use is worth, where amounts are known (else engagement).
        Uplift is not told from what the store holds and gives the order by value: see `worth.notes_on`.
    detail : bool, default=False
        Add ``low``, ``high`` (80 %), ``evidence``, ``n`` (items that the partner engaged with), ``title``, ``worth``
        (of one use of an offer, else empty), ``base`` and ``factors`` (which add up to the log-odds of ``p_engage``).

    Returns
    -------
    DataFrame
        ``partner, rank, kind, item, p_engage, reason, model_version``, by partner in the order of the
        store (or as asked) and rank. ``p_engage``: a first engagement within the horizon; it never rises with the rank,
        unless the order is by value or the setting ``recommend_diversity`` is above 0.

    Raises
    ------
    InvalidInput
        If `kind` or `order` is another word, `top` is not positive, or items other than offers are wanted by value.
    UnknownReference
        If a partner is not in the store.
    """
    _check(kind, top, order)
    instant = context.instant(as_of)
    history = context.history(instant)
    loaded = context.load_model("recommend", instant)
    model: RecommendModel | None = loaded.model if loaded is not None else None
    if model is not None and model.fingerprint != FINGERPRINT:
        model = None
    settings, text = context.settings, context.text
    if loaded is not None and model is not None:
        settings = closing(settings, loaded.version.manifest.left_out)
        text = as_learned(text, loaded.version.manifest.settings)
    space = item_space(history, settings, text, model)
    rows = _wanted(space.log, partners, instant_micros(instant))
    reactions = read_reactions(context, instant)
    ranking, features = rank_items(
        space,
        model,
        np.unique(rows),
        instant_micros(instant),
        wish=Wish(
            top,
            (kind,) if kind else KINDS,
            "engagement" if order == "engagement" else "value",
            context.settings.recommend_diversity,
        ),
        reactions=reactions,
        settings=context.settings,
    )
    label = loaded.label if loaded is not None and model is not None else BASELINE
    sentences = Reasons(ranking, features).sentences()
    frame = _answer(space, ranking, sentences, label, features.state.n_read)
    if detail:
        frame = frame.assign(**_explained(model, ranking, features))
    return _in_order(frame, space.log, rows)[list(COLUMNS + DETAILS if detail else COLUMNS)]


def _check(kind: str | None, top: int, order: str) -> None:
    if kind is not None and kind not in KINDS:
        raise InvalidInput(f"kind is asset or offer, not {kind!r}", field="kind", value=kind)
    if top < 1:
        raise InvalidInput(f"top must be at least 1, not {top}", field="top", value=top)
    if order not in ORDERS:
        raise InvalidInput(f"order is one of {', '.join(ORDERS)}, not {order!r}", field="order", value=order)
    if order != "engagement" and kind != "offer":
        raise InvalidInput(
            f"only offers have a worth: ask for kind offer to order by {order}", field="order", value=kind
        )


def _explained(model: "RecommendModel | None", ranking: Ranking, features: ItemFeatures) -> dict[str, Any]:
    """Return what details are told of each row of a ranking."""
    worth = worths(features.state)[ranking.item]
    values = ranking.frame()
    if model is None or not len(ranking):
        return {"worth": worth, "base": logit(ranking.p), "factors": [[] for _ in range(len(ranking))]}
    found = model.explain(values)
    return {
        "worth": worth,
        "base": found.base,
        "factors": factor_lists(found.base, found.contributions, values, ranking.p),
    }


def read_reactions(context: Intelligence, until: datetime) -> Sequence[Reaction]:
    """Return what partners did with recommendations up to an instant."""
    with context.engine.connect() as connection:
        return RecommendationFeedbackRepository(connection).find(until=until)


def _wanted(log: ItemLog, partners: Sequence[str] | None, as_of: int) -> Ints:
    """Return positions of the partners to answer for, in the order wanted."""
    frame = log.partners_frame()
    if partners is not None:
        positions = pd.Index(frame["external_id"]).get_indexer(pd.Index([str(name) for name in partners], dtype="str"))
        unknown = [str(name) for name, place in zip(partners, positions, strict=True) if place < 0]
        if unknown:
            raise UnknownReference(
                f"no partner is called {', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''}",
                resource="partners",
                values=unknown[:100],
            )
        return np.asarray(pd.unique(positions), dtype=np.int64)
    status = log.history.status_as_of(frame["id"], np.datetime64(as_of, "us"))
    present = ~status.isin(_GONE).to_numpy()
    prospect = (status == PartnerStatus.PROSPECT).to_numpy()
    known = np.zeros(len(frame), dtype=np.bool_)
    known[log.partner[log.known <= as_of]] = True
    if (present & ~prospect).any():
        present &= ~prospect | known
    return np.flatnonzero(present)


def _answer(space: ItemSpace, ranking: Ranking, reasons: list[str], label: str, n_read: Any) -> pd.DataFrame:
    items = space.log.items
    partners = space.log.history.partners["external_id"].to_numpy(dtype=object)
    n = n_read[ranking.partner].astype(np.int64)
    evidence: Mapping[int, str] = {int(count): str(evidence_level(int(count))) for count in np.unique(n)}
    return pd.DataFrame(
        {
            "position": ranking.partner,
            "partner": partners[ranking.partner],
            "rank": ranking.rank,
            "kind": items["type"].to_numpy(dtype=object)[ranking.item],
            "item": items["external_id"].to_numpy(dtype=object)[ranking.item],
            "p_engage": ranking.p,
            "reason": np.array(reasons, dtype=object),
            "model_version": label,
            "low": ranking.low,
            "high": ranking.high,
            "evidence": [str(Evidence.NONE) if label == BASELINE else evidence[int(count)] for count in n],
            "n": n,
            "title": items["title"].to_numpy(dtype=object)[ranking.item],
        }
    )


def _in_order(frame: pd.DataFrame, log: ItemLog, rows: Ints) -> pd.DataFrame:
    place = np.zeros(log.n_partners, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    order = np.lexsort((frame["rank"].to_numpy(), place[frame["position"].to_numpy(np.int64)]))
    return frame.iloc[order].reset_index(drop=True)
