"""What each model is asked in training, as rows of one entity with an outcome: the leak check judges fields on them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import TrainingImpossible
from domain.settings import Settings
from domain.terms import ModelName
from intelligence.features.item_log import DAY, ItemLog, item_log
from intelligence.features.pair_events import pairs_of
from intelligence.features.pair_leads import lead_table
from intelligence.features.partner_times import times_of
from intelligence.features.timeline import TimeArray, Timeline
from intelligence.scoring.inactivity import churn_labels
from store.history import History
from training.labels import fit_outcomes, snapshot_instants
from training.match_pairs import Examples, find_examples

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_ROWS = 4_000
_LEAST_ROWS, _LEAST_OF_CLASS = 40, 10
_CHURN_INSTANTS = 2
_DAY_US = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Question:
    """Rows with a known outcome, each of an entity whose fields are to be judged.

    Parameters
    ----------
    table : str
        Which table the entities are rows of: ``partners``, ``leads`` (and leadless deals), ``assets``, ``offers``.
    what : str
        The outcome in words.
    row : int64 array of shape (n,)
        Positions in the table.
    as_of : datetime64[us] array of shape (n,)
        Instant that the outcome is predicted from.
    label : float64 array of shape (n,)
        1 where it happened.
    facts : float64 array of shape (n, k)
        What is known at `as_of` beyond doubt.
    dated : bool, default=False
        Whether facts are the entity's own past events of the kind that the outcome is about, which leave little to say
        for a field that does not change.
    """

    table: str
    what: str
    row: Ints
    as_of: TimeArray
    label: Floats
    facts: Floats
    dated: bool = False

    def sampled(self, seed: int) -> "Question":
        """Keep at most ``MOST_ROWS`` rows, drawn evenly."""
        if len(self.row) <= MOST_ROWS:
            return self
        rows = np.sort(np.random.default_rng(seed).choice(len(self.row), MOST_ROWS, replace=False))
        return replace(self, row=self.row[rows], as_of=self.as_of[rows], label=self.label[rows], facts=self.facts[rows])

    @property
    def judgeable(self) -> bool:
        """Whether there are rows enough of both outcomes."""
        yes = float(self.label.sum())
        return len(self.row) >= _LEAST_ROWS and min(yes, len(self.row) - yes) >= _LEAST_OF_CLASS


@dataclass(frozen=True, eq=False)
class Asked:
    """Tables of entities, and what is asked of them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name, with ``id`` or, for leads, the columns of `lead_table`.
    questions : tuple of Question
        May be none.
    winners : DataFrame, optional
        Of matching: won pairs of ``lead`` and ``partner``, as positions.
    unknown : mapping of str to bool array, optional
        By table, the rows whose outcome is not known: those to be scored are among them.
    """

    tables: Mapping[str, pd.DataFrame]
    questions: tuple[Question, ...]
    winners: pd.DataFrame | None = None
    unknown: Mapping[str, Bools] = field(default_factory=dict)


def ask(name: str, history: History, settings: Settings) -> Asked:
    """Return the questions that training of the model `name` learns from."""
    asked = _MAKERS[ModelName(name)](history, settings)
    kept = tuple(one.sampled(settings.training_seed) for one in asked.questions)
    return replace(asked, questions=tuple(one for one in kept if one.judgeable))


def _churn(history: History, settings: Settings) -> Asked:
    partners = history.partners.reset_index(drop=True)
    times = times_of(history, settings.life_signs)
    place = pd.Index(partners["id"])
    questions = []
    for horizon in sorted({min(settings.churn_horizons_days), max(settings.churn_horizons_days)}):
        instants = snapshot_instants(times, history.until, horizon)
        if not len(instants):
            continue
        asked = instants[np.unique(np.linspace(0, len(instants) - 1, _CHURN_INSTANTS + 1).astype(int))[1:]]
        found = churn_labels(history, settings, asked, horizon)
        facts = _sign_facts(times.signs, found.partner_id, found.as_of)
        row = place.get_indexer(pd.Index(found.partner_id)).astype(np.int64)
        for instant in asked:
            at = found.as_of == instant
            what = f"inactive within {horizon} days from {np.datetime_as_string(instant, unit='D')}"
            one = Question("partners", what, row[at], found.as_of[at], found.inactive[at], facts[at], dated=True)
            questions.append(one)
    return Asked({"partners": partners}, tuple(questions))


def _sign_facts(signs: Timeline, entity: Ints, as_of: TimeArray) -> Floats:
    view = signs.at(entity, as_of)
    since = [(as_of - view.instant(k)) / np.timedelta64(1, "D") for k in (1, 2, 4)]
    counts = [view.count(), *(view.count(days) for days in (14, 45, 120, 365))]
    return np.column_stack([*since, *counts]).astype(np.float64)


def _fit(history: History, settings: Settings) -> Asked:
    partners = history.partners.reset_index(drop=True)
    outcomes, _ = fit_outcomes(history, settings)
    row = pd.Index(partners["id"]).get_indexer(pd.Index(outcomes.ids)).astype(np.int64)
    facts = _sign_facts(times_of(history).signs, outcomes.ids, outcomes.recruited_at)
    question = Question("partners", "productive", row, outcomes.recruited_at, outcomes.label, facts)
    return Asked({"partners": partners}, (question,), unknown={"partners": _others(len(partners), row)})


def _others(n: int, rows: Ints) -> Bools:
    mask = np.ones(n, dtype=bool)
    mask[rows] = False
    return mask


def _match(history: History, settings: Settings) -> Asked:
    table = lead_table(history)
    partners = history.partners.sort_values("id", ignore_index=True)
    pairs = pairs_of(history, table, partners["id"].to_numpy(np.int64))
    until = int(history.until.astype(np.int64))
    tables = {"leads": table, "partners": partners, "deals": history.deals.reset_index(drop=True)}
    try:
        examples = find_examples(pairs, until, settings.match_horizon_days)
    except TrainingImpossible:
        return Asked(tables, ())
    winners = examples.rows[examples.rows["won"] > 0]
    if examples.source == "wins":
        return Asked(tables, tuple(_future_wins(winners, len(partners))), winners)
    unknown = {"leads": _others(len(table), examples.rows["lead"].to_numpy(np.int64))}
    # A deal is registered by its partner: there a field may name the partner without knowing the outcome.
    questions = (*_pair_outcomes(examples), *_closed_deals(tables["deals"]))
    return Asked(tables, questions, winners if examples.source == "offers" else None, unknown)


def _closed_deals(deals: pd.DataFrame) -> Iterator[Question]:
    """Ask of what deals themselves say; a deal that names a lead lends the model nothing, but is named all the same."""
    closed = deals["outcome"].isin(["won", "lost"]) & deals["registered_at"].notna()
    row = np.flatnonzero(closed.to_numpy())
    as_of = deals["registered_at"].to_numpy().astype("datetime64[us]")[row]
    label = (deals["outcome"].to_numpy(object)[row] == "won").astype(np.float64)
    yield Question("deals", "won", row, as_of, label, deals["partner_id"].to_numpy(np.float64)[row][:, None])


def _pair_outcomes(examples: Examples) -> Iterator[Question]:
    rows = examples.rows
    lead, partner = rows["lead"].to_numpy(np.int64), rows["partner"].to_numpy(np.int64)
    at = rows["at"].to_numpy(np.int64).astype("datetime64[us]")
    known = rows["known"].to_numpy(np.int64).astype("datetime64[us]")
    won = rows["won"].to_numpy(np.float64)
    view = Timeline(partner, known, values={"won": won}).at(partner, at)
    rate = (view.sum("won") + 5 * won.mean()) / (view.count() + 5)
    facts = np.column_stack([view.count(), view.sum("won"), rate, partner.astype(np.float64)])
    for table, row in (("leads", lead), ("partners", partner)):
        yield Question(table, "won", row, at, won, facts if table == "leads" else facts[:, :3])


def _future_wins(winners: pd.DataFrame, n_partners: int) -> Iterator[Question]:
    """Ask at two instants which partners win again by the next one."""
    known = np.sort(winners["known"].to_numpy(np.int64))
    partner = winners["partner"].to_numpy(np.int64)
    wins = Timeline(partner, winners["known"].to_numpy(np.int64).astype("datetime64[us]"))
    for share in (0.6, 0.8):
        at = np.datetime64(int(known[int(share * (len(known) - 1))]), "us")
        later = np.datetime64(int(known[int((share + 0.2) * (len(known) - 1))]), "us")
        everyone = np.arange(n_partners, dtype=np.int64)
        when = np.full(n_partners, at)
        there = wins.at(everyone, when).count() > 0
        rows = everyone[there]
        label = wins.at(rows, np.full(len(rows), later)).count(since=when[there]) > 0
        what = f"a win between {str(at)[:10]} and {str(later)[:10]}"
        facts = _sign_facts(wins, rows, when[there])
        yield Question("partners", what, rows, when[there], label.astype(np.float64), facts, dated=True)


def _recommend(history: History, settings: Settings) -> Asked:
    log = item_log(history, settings.engagement_weights)
    items, partners = log.items.reset_index(drop=True), log.partners_frame()
    tables = {"items": items, "partners": partners}
    if len(log.known) < _LEAST_ROWS:
        return Asked(tables, ())
    readers = Timeline(log.item, log.known.astype("datetime64[us]"))
    own = Timeline(log.partner, log.known.astype("datetime64[us]"))
    return Asked(tables, tuple(_engagements(log, readers, own, settings.recommend_horizon_days)))


def _engagements(log: ItemLog, readers: Timeline, own: Timeline, horizon_days: int) -> Iterator[Question]:
    """Ask over windows of several lengths that end at the log's end, and over one that ended earlier."""
    span = (log.until - int(log.known[0])) / DAY
    for days in sorted({min(float(horizon_days), span / 3), min(30.0, span / 4), min(7.0, span / 5)}):
        for back in (1, 2):
            at = log.until - int(back * days * DAY)
            there = np.flatnonzero((log.seen <= at) | (log.openings(at) <= at))
            yield _engaged("items", "an engagement", readers, at, there, days)
            if back == 1:
                yield _engaged("partners", "an engagement", own, at, np.unique(own.owners), days)


def _engaged(table: str, what: str, line: Timeline, at: int, row: Ints, days: float) -> Question:
    instant = np.datetime64(at, "us")
    known = line.at(row, np.full(len(row), instant))
    row = row[known.count() > 0] if table == "partners" else row
    as_of = np.full(len(row), instant)
    later = line.at(row, as_of + np.timedelta64(int(days * _DAY_US), "us")).count(since=as_of)
    sentence = f"{what} within {days:.0f} days from {np.datetime_as_string(instant, unit='D')}"
    facts = _sign_facts(line, row, as_of)
    return Question(table, sentence, row, as_of, (later > 0).astype(np.float64), facts, dated=True)


_MAKERS: Mapping[ModelName, Callable[[History, Settings], Asked]] = {
    ModelName.CHURN: _churn,
    ModelName.FIT: _fit,
    ModelName.MATCH: _match,
    ModelName.RECOMMEND: _recommend,
}
