"""Why an item stands where it stands: one sentence of facts for each recommendation."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domain.language import ENGLISH, Language, spoken
from intelligence.features.item_features import FEATURES, ItemFeatures
from intelligence.features.item_log import DAY, Ints, is_text
from intelligence.features.item_traits import select
from intelligence.recommend.ranking import Ranking
from models.recommenders import neighbours, spread

_TIMES = ("never", "once", "twice", "three times", "four times", "five times")
_ENGAGED = {
    "asset": ("{n} partner engaged with it {span}.", "{n} partners engaged with it {span}."),
    "offer": ("{n} partner took it up {span}.", "{n} partners took it up {span}."),
}
_LIKE_YOU = {
    "asset": ("{n} partner like you engaged with it {span}.", "{n} partners like you engaged with it {span}."),
    "offer": ("{n} partner like you took it up {span}.", "{n} partners like you took it up {span}."),
}
_ENDS = ("Ends in {n} day and you have not used it yet.", "Ends in {n} days and you have not used it yet.")
_LATELY = ("in the last {n} day", "in the last {n} days")
_OFTEN = ("{n} time", "{n} times")
_ABOUT = "About {topic}, which you engaged with {often}."
_LIKE_ITEM = "Similar to “{title}”, which you engaged with."
_COMPANY, _NEW = "Close to what your company does.", "New: published {span}."
_PROFILE = "Partners with a profile like yours choose this kind of content more often than others."
_OPEN = "You have not seen it yet, and it is open to you."
_SPANS = ("today", "this week", "this month", "so far")

MESSAGES = frozenset({*_TIMES, *_SPANS, _ABOUT, _LIKE_ITEM, _COMPANY, _NEW, _PROFILE, _OPEN})
"""All sentences that are translated."""
PLURALS = frozenset({*_ENGAGED.values(), *_LIKE_YOU.values(), _ENDS, _LATELY, _OFTEN})
"""All pairs of singular and plural that are translated."""

_LIKE = 0.05
_CLOSE_TEXT = 0.45
_ENDS_SOON_DAYS = 14
_CHUNK = 256


def times(n: int, language: Language = ENGLISH) -> str:
    """Say how often.

    Examples
    --------
    >>> times(1), times(3), times(12)
    ('once', 'three times', '12 times')
    """
    return language.text(_TIMES[n]) if n < len(_TIMES) else language.plural(*_OFTEN, n)


def span(days: float, language: Language = ENGLISH) -> str:
    """Name a stretch of time that ends now.

    Examples
    --------
    >>> span(1), span(7), span(30), span(90)
    ('today', 'this week', 'this month', 'in the last 90 days')
    """
    for limit, name in ((1, "today"), (7, "this week"), (31, "this month")):
        if days <= limit:
            return language.text(name)
    return language.plural(*_LATELY, round(days))


@dataclass(frozen=True, eq=False)
class _Facts:
    """What can be said of each row of a ranking; shapes (n,)."""

    like_readers: Ints
    topic: Ints
    topic_count: Ints
    nearest: Ints
    nearest_text: npt.NDArray[np.float32]


class Reasons:
    """Writes reasons for the rows of a ranking.

    Parameters
    ----------
    ranking : Ranking
        What was recommended.
    features : ItemFeatures
        The ground that it stands on.
    language : Language, optional
        Default: that of whoever is being answered.
    """

    def __init__(self, ranking: Ranking, features: ItemFeatures, language: Language | None = None) -> None:
        self._ranking, self._features, self._language = ranking, features, language or spoken()
        self._state = features.state
        window = self._state.space.scale.window_days
        self._days = 7.0 if window <= 7 else 30.0

    @cached_property
    def _lately(self) -> sparse.csr_array:
        fresh = self._state.pair_at > self._state.as_of - int(self._days * DAY)
        return self._state.readers(fresh.astype(np.float32))

    @cached_property
    def _topics(self) -> Ints:
        return select(self._state.space.tags, "topics")

    def _facts(self, first: int, last: int) -> _Facts:
        """Gather facts of the ranking's rows in [first, last), which are whole partners."""
        state, ranking = self._state, self._ranking
        rows, place = np.unique(ranking.partner[first:last], return_inverse=True)
        item = ranking.item[first:last]
        likeness = neighbours(self._features.pairs.unit, rows)
        like = spread((likeness > _LIKE).astype(np.float32), self._lately)[place, item]
        topic, count = self._topic_counts(rows, place, item)
        nearest, closeness = self._nearest(rows, place, item)
        del state
        return _Facts(like.astype(np.int64), topic, count, nearest, closeness)

    def _topic_counts(self, rows: Ints, place: Ints, item: Ints) -> tuple[Ints, Ints]:
        """Return each row's topic that its partner engaged with most often, and how often."""
        if not len(self._topics):
            return np.full(len(item), -1), np.zeros(len(item), dtype=np.int64)
        about = self._state.space.tags.matrix[:, self._topics]
        own = np.asarray((self._state.engaged[rows] @ about).toarray())
        counts = own[place] * np.asarray(about[item].toarray())
        topic = counts.argmax(axis=1)
        return topic, counts[np.arange(len(item)), topic].astype(np.int64)

    def _nearest(self, rows: Ints, place: Ints, item: Ints) -> tuple[Ints, npt.NDArray[np.float32]]:
        """Return the engaged item whose text is most like each row's, and how like it is."""
        vectors = self._state.space.vectors
        nearest, closeness = np.full(len(item), -1), np.zeros(len(item), dtype=np.float32)
        if not vectors.shape[1]:
            return nearest, closeness
        engaged = self._state.engaged
        for number, row in enumerate(rows):
            own = engaged.indices[engaged.indptr[row] : engaged.indptr[row + 1]]
            here = np.flatnonzero(place == number)
            if len(own) and len(here):
                likeness = vectors[item[here]] @ vectors[own].T
                nearest[here] = own[likeness.argmax(axis=1)]
                closeness[here] = likeness.max(axis=1)
        return nearest, closeness

    def sentences(self) -> list[str]:
        """Return one sentence for each row of the ranking."""
        ranking = self._ranking
        bounds = [*np.flatnonzero(np.diff(ranking.partner, prepend=-1))[::_CHUNK], len(ranking)]
        result: list[str] = []
        for first, last in pairwise(bounds):
            facts = self._facts(int(first), int(last))
            result += [self._sentence(int(first) + place, facts, place) for place in range(last - first)]
        return result

    def _value(self, row: int, name: str) -> float:
        return float(self._ranking.features[row, FEATURES.index(name)])

    def _sentence(self, row: int, facts: _Facts, place: int) -> str:
        item, language = int(self._ranking.item[row]), self._language
        kind = str(self._state.log.items["type"].iat[item])
        days_left = np.expm1(self._value(row, "item_log_days_left"))
        if facts.topic_count[place] >= 2:
            topic = self._state.space.tags.names[self._topics[facts.topic[place]]].partition(":")[2]
            often = times(int(facts.topic_count[place]), language)
            return language.text(_ABOUT).format(topic=topic, often=often)
        if facts.like_readers[place] >= 2:
            return self._counted(_LIKE_YOU[kind], int(facts.like_readers[place]), span(self._days, language))
        if facts.nearest_text[place] >= _CLOSE_TEXT:
            title = self._state.log.items["title"].iat[int(facts.nearest[place])]
            if is_text(title):
                return language.text(_LIKE_ITEM).format(title=str(title).strip()[:80])
        if days_left <= _ENDS_SOON_DAYS:
            return language.plural(*_ENDS, max(round(days_left), 1))
        return self._general(row, kind)

    def _general(self, row: int, kind: str) -> str:
        language = self._language
        age_days = np.expm1(self._value(row, "item_log_age")) / 24
        lately = int(self._lately_counts[self._ranking.item[row]])
        if lately >= 2:
            return self._counted(_ENGAGED[kind], lately, span(self._days, language))
        if self._value(row, "text_description") >= _CLOSE_TEXT:
            return language.text(_COMPANY)
        if age_days <= self._days:
            return language.text(_NEW).format(span=span(self._days, language))
        if self._value(row, "segment_lift") > 0.1:
            return language.text(_PROFILE)
        readers = int(np.expm1(self._value(row, "item_log_readers")) + 0.5)
        if readers:
            return self._counted(_ENGAGED[kind], readers, language.text("so far"))
        return language.text(_OPEN)

    def _counted(self, forms: tuple[str, str], n: int, when: str) -> str:
        return self._language.plural(*forms, n).format(span=when)

    @cached_property
    def _lately_counts(self) -> Ints:
        return np.asarray(self._lately.sum(axis=0)).ravel().astype(np.int64)
