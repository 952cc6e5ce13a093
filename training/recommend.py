"""Training of the recommender: lists over the past, a ranker chosen by later lists, calibrated probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import FeatureSetMismatch, TrainingImpossible
from domain.settings import Settings
from intelligence.features.item_features import FEATURE_SET, FEATURES, FINGERPRINT
from intelligence.features.item_log import DAY, Ints, ItemLog, instant_micros, item_log
from intelligence.features.item_state import ItemSpace, item_scale
from training.dataset import Floats
from training.evaluation import Evaluation, Method, Metric
from training.kinds import unknown_kinds
from training.measures import group_draws, with_interval
from training.recommend_engage import ENGAGE_BASELINES, engage_dataset, label_days
from training.recommend_lists import Lists, build_lists, instants, of_kind, thinned
from training.tabular import BinaryResult, train_binary
from training.task import GoldenRows, PartResult, TrainingContext, TrainingResult

if TYPE_CHECKING:
    from models.recommend import RecommendModel
    from models.recommenders_lists import RankedLists
    from models.recommenders_rank import Ranker
    from store.history import History

BASELINES = {
    "recent readers": "item_readers_3",
    "popularity": "item_log_readers",
    "fresh readers": "item_readers_1",
    "newest": "-item_log_age",
    "item-kNN": "item_knn",
    "EASE": "ease",
    "user-kNN": "knn_all",
}
"""Baselines and the feature that each ranks by (a minus: lowest first); the first answers when no model serves."""

SOURCES = (
    "item_readers_3",
    "item_readers_1",
    "item_readers_0",
    "item_log_readers",
    "-item_log_age",
    "knn_short",
    "knn_mid",
    "knn_all",
    "item_knn",
    "ease",
)
"""Columns that could rank alone; a minus: the lowest first."""
LABEL_RULE = "A first engagement of the partner with the item within the horizon after as_of."
_TEST_SHARE = 0.25
_MOST_TEST_LISTS = 1_000
_MIN_PART_LISTS = 20
_GOLDEN = 50
_INTERVAL_DRAWS = 200


@dataclass(frozen=True, eq=False)
class _Windows:
    """Earlier lists to fit on (thinned), later lists to compare on (as served)."""

    train: Lists
    test: Lists | None


def ranked(lists: Lists) -> "RankedLists":
    """Return the lists as the ranker wants them."""
    from models.recommenders_lists import RankedLists

    return RankedLists(lists.features, lists.label, lists.sizes, lists.relevant)


def _split_lists(lists: Lists, share: float) -> tuple[Lists, Lists]:
    """Part lists by time: the last `share` of the instants is the second part."""
    days = np.unique(lists.as_of)
    cutoff = days[int(len(days) * (1 - share))] if len(days) > 1 else days[0]
    return lists.of(lists.as_of < cutoff), lists.of(lists.as_of >= cutoff)


def fit_ranker(lists: Lists, context: TrainingContext, chosen: "Ranker | None" = None) -> "Ranker":
    """Choose by the latest lists, unless that was done on most of them already, then fit on all."""
    from models.recommenders_rank import choose_ranker, refit

    if chosen is not None and chosen.validation:
        return refit(chosen, ranked(lists), seed=context.seed, threads=context.threads)
    fit, check = _split_lists(lists, _TEST_SHARE)
    chosen = choose_ranker(
        ranked(fit),
        ranked(check),
        FEATURES,
        SOURCES,
        kinds={str(int(offers)): ranked(of_kind(check, offers)) for offers in (False, True)},
        seed=context.seed,
        threads=context.threads,
    )
    return refit(chosen, ranked(lists), seed=context.seed, threads=context.threads)


def _scores(test: Lists, ranker: "Ranker", champion: "Ranker | None") -> dict[str, Floats]:
    from models.recommenders_lists import column_score

    scores = {"model": ranker.score(test.features)}
    for name, source in BASELINES.items():
        scores[name] = column_score(test.features, source, FEATURES)
    if champion is not None:
        scores["champion"] = champion.score(test.features)
    return scores


def _methods(quality: dict[str, tuple[Floats, Floats]], group: Ints, seed: int) -> tuple[Method, ...]:
    draws = list(group_draws(group, _INTERVAL_DRAWS, seed))

    def metric(values: Floats) -> Metric:
        judged = np.isfinite(values)
        drawn = [float(np.average(values[judged], weights=w[judged])) for w in draws if w[judged].sum() > 0]
        return with_interval(float(values[judged].mean()), np.array(drawn))

    kinds = {"model": "model", "champion": "champion"}
    return tuple(
        Method(name, kinds.get(name, "baseline"), {"ndcg_10": metric(ndcg), "recall_10": metric(recall)})  # type: ignore[arg-type]
        for name, (recall, ndcg) in quality.items()
    )


def evaluate_lists(
    part: str,
    test: Lists,
    ranker: "Ranker",
    context: TrainingContext,
    champion: "Ranker | None" = None,
    n_train: int = 0,
) -> Evaluation:
    """Compare ranker and baselines on later lists.

    Parameters
    ----------
    part : str
        Kind of the items in the lists.
    test : Lists
        As served: nothing thinned.
    ranker, champion : Ranker
        The candidate, and what serves today (judged on lists that it has not seen).
    """
    from models.recommenders_lists import list_quality

    lists = ranked(test)
    seen = _seen(test, context)
    judged = champion if test.n_lists - seen.sum() >= _MIN_PART_LISTS else None
    quality = {name: list_quality(score, lists) for name, score in _scores(test, ranker, judged).items()}
    for values in quality.get("champion", ()):
        values[seen] = np.nan
    losses = pd.DataFrame({name: 1.0 - ndcg for name, (_, ndcg) in quality.items()})
    first, last = _day(test.as_of.min()), _day(test.as_of.max())
    return Evaluation(
        part,
        _methods(quality, test.partner, context.seed),
        losses,
        test.partner,
        how=f"fitted on {n_train:,} earlier lists, compared on {test.n_lists:,} later ones over all candidates",
        window=(first, last),
        cutoff=first,
        n_train=n_train,
        n_positive=int(test.hits.sum()),
    )


def _seen(test: Lists, context: TrainingContext) -> npt.NDArray[np.bool_]:
    """Return which lists the champion may have learned from."""
    if context.champion is None:
        return np.zeros(test.n_lists, dtype=np.bool_)
    return np.asarray(test.as_of < instant_micros(context.champion.trained_as_of))


class RecommendTask:
    """Trains the recommender of assets and offers."""

    @property
    def name(self) -> str:
        """Name of the model."""
        return "recommend"

    def train(self, history: "History", context: TrainingContext) -> TrainingResult:
        """Build lists, choose and compare the ranker, fit ranker and probabilities on everything known.

        Raises
        ------
        TrainingImpossible
            If nobody engaged with any item, or not for long enough to have an outcome.
        """
        log = item_log(history, context.settings.engagement_weights)
        space = self._space(log, context)
        windows = self._windows(space, context)
        compared, evaluations = self._compare(windows, context)
        everything = (
            windows.train if windows.test is None else _joined(windows.train, thinned(windows.test, context.seed))
        )
        ranker = fit_ranker(everything, context, compared)
        context.report(f"ranker fitted on {everything.n_lists:,} lists, chose {ranker.choice}")
        return self._finish(space, context, (ranker, compared, windows), everything, evaluations)

    def _space(self, log: ItemLog, context: TrainingContext) -> ItemSpace:
        if not len(log.at):
            raise TrainingImpossible(
                "no activity names an asset or offer, so there is nothing to learn from; "
                "recommendations go on by the baseline"
            )
        settings = context.settings
        scale = item_scale(log, log.until, settings.recommend_horizon_days)
        return ItemSpace(log, scale, context.text, settings.protected_attributes)

    def _windows(self, space: ItemSpace, context: TrainingContext) -> _Windows:
        as_ofs = instants(space.log, space.log.until, space.scale.window_days)
        cut = int(len(as_ofs) * (1 - _TEST_SHARE))
        # The embargo: the last window to fit on ends when the first one to compare on begins.
        gap = int(space.scale.window_days * DAY)
        early = as_ofs[as_ofs <= (as_ofs[cut] - gap if cut < len(as_ofs) else 0)]
        late = as_ofs[cut:]
        context.report(f"{len(as_ofs)} instants, {space.scale.window_days:g} days ahead each")
        train = build_lists(space, early, seed=context.seed) if len(early) else None
        if train is None:
            train = build_lists(space, as_ofs, seed=context.seed)
            if train is None:
                raise TrainingImpossible(
                    "the history of engagements is too short: no partner engaged with anything new after its first days"
                )
            return _Windows(train, None)
        test = build_lists(space, late, seed=context.seed, most_lists=_MOST_TEST_LISTS, negatives=None)
        return _Windows(train, test)

    def _compare(self, windows: _Windows, context: TrainingContext) -> "tuple[Ranker | None, dict[str, Evaluation]]":
        if windows.test is None:
            return None, {}
        ranker = fit_ranker(windows.train, context)
        champion = self._champion(context)
        found = {}
        for part, offers in (("asset", False), ("offer", True)):
            test = of_kind(windows.test, offers)
            if test.n_lists >= _MIN_PART_LISTS:
                found[part] = evaluate_lists(part, test, ranker, context, champion, windows.train.n_lists)
        return ranker, found

    def _champion(self, context: TrainingContext) -> "Ranker | None":
        if context.champion is None or context.champion.manifest.fingerprint != FINGERPRINT:
            return None
        return _load(context.champion.folder).ranker

    def _finish(
        self,
        space: ItemSpace,
        context: TrainingContext,
        rankers: "tuple[Ranker, Ranker | None, _Windows]",
        lists: Lists,
        evaluations: dict[str, Evaluation],
    ) -> TrainingResult:
        ranker, horizon = rankers[0], context.settings.recommend_horizon_days
        days = label_days(space, horizon)
        model, engage = self._engagement(space, context, rankers)
        golden = pd.DataFrame(lists.features[:_GOLDEN].astype(np.float64), columns=list(FEATURES))
        window = (_day(lists.as_of.min()), _day(lists.as_of.max()))
        parts = [
            PartResult(
                part=part,
                horizon_days=horizon,
                evaluation=evaluation,
                golden=GoldenRows(golden, model.score(golden.to_numpy(np.float32))),
                rows=len(lists.label),
                positives=int(lists.label.sum()),
                train_window=window,
                choice=ranker.choice,
                calibrated=False,
            )
            for part, evaluation in evaluations.items()
        ]
        return TrainingResult(
            model=model,
            parts=(*parts, engage.part),
            feature_set=FEATURE_SET,
            fingerprint=FINGERPRINT,
            columns=FEATURES,
            label_rule=LABEL_RULE,
            settings={
                "engagement_weights": dict(context.settings.engagement_weights),
                "recommend_horizon_days": horizon,
            },
            counts={"engagements": len(space.log.at), "items": space.log.n_items, "partners": space.log.n_partners},
            notes=_notes(space, ranker, days, context.settings),
        )

    def _engagement(
        self, space: ItemSpace, context: TrainingContext, rankers: "tuple[Ranker, Ranker | None, _Windows]"
    ) -> "tuple[RecommendModel, BinaryResult]":
        """Fit the probabilities; by the ranking score too, where the compared ranker's is known on later rows."""
        from models.recommend import SCORE, RecommendModel, unseen_variance

        ranker, compared, windows = rankers
        horizon = context.settings.recommend_horizon_days
        days = label_days(space, horizon)
        unseen = int(windows.test.as_of.min()) if compared is not None and windows.test is not None else None
        judge = compared or ranker
        dataset = engage_dataset(space, judge, days, context.seed, unseen=unseen)
        engage = train_binary(dataset, ENGAGE_BASELINES, _alone(context), part="engage")
        p = engage.model.predict(dataset.features).p
        # Within one instant each: the same pair at the next one has mostly the same outcome.
        when = dataset.as_of.astype(np.int64) // DAY * max(space.log.n_items, space.log.n_partners)
        groups = (dataset.extra["item"].to_numpy(np.int64), dataset.group)
        variance = sum(unseen_variance(dataset.label, p, when + group) for group in groups)
        pace = space.scale.as_dict()
        kept = judge if SCORE in dataset.features else None
        model = RecommendModel(ranker, engage.model, pace, horizon, days, FINGERPRINT, float(variance), kept)
        return model, engage

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return ranking scores (parts asset and offer) or probabilities (part engage) of feature rows."""
        model = _load(folder)
        wanted = model.engage.feature_names_ if part == "engage" else model.columns
        if list(features.columns) != list(wanted):
            raise FeatureSetMismatch("the rows have other features than the recommender")
        if part == "engage":
            return np.asarray(model.engage.predict(features).p, dtype=np.float64)
        return model.score(features.to_numpy(np.float32))

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare ranker and baselines at up to `cutoffs` instants, fitting afresh on what was before each."""
        space = self._space(item_log(history, context.settings.engagement_weights), context)
        as_ofs = instants(space.log, space.log.until, space.scale.window_days)
        blocks = [block for block in np.array_split(as_ofs, cutoffs + 2) if len(block)]
        found: list[Evaluation] = []
        for place in range(2, len(blocks)):
            cutoff = blocks[place][0] - int(space.scale.window_days * DAY)
            earlier = np.concatenate(blocks[:place])
            train = build_lists(space, earlier[earlier <= cutoff], seed=context.seed)
            test = build_lists(space, blocks[place], seed=context.seed, most_lists=_MOST_TEST_LISTS, negatives=None)
            if train is None or test is None:
                continue
            ranker = fit_ranker(train, context)
            for part, offers in (("asset", False), ("offer", True)):
                lists = of_kind(test, offers)
                if lists.n_lists >= _MIN_PART_LISTS:
                    found.append(evaluate_lists(part, lists, ranker, context, None, train.n_lists))
        return found


def _notes(space: ItemSpace, ranker: "Ranker", days: float, settings: Settings) -> tuple[str, ...]:
    horizon = settings.recommend_horizon_days
    notes = [
        f"Ranked by what is engaged with over the next {space.scale.window_days:g} days, which follows from how old "
        f"items are when partners engage with them.",
    ]
    history = space.log.history
    notes += unknown_kinds("engagement_weights", settings.engagement_weights, history.activities)
    if days < horizon:
        notes.append(f"The history only allowed to learn from {days:.0f} days; p_engage is carried over to {horizon}.")
    if not ranker.trees:
        notes.append(f"No learned ranking was better than ranking by {ranker.choice}.")
    for kind, plain in ranker.plain.items():
        what = "offers" if kind == "1" else "assets"
        how = "by" if plain.share == 1 else "in part by"
        notes.append(
            f"No learned ranking of {what} was clearly better than {plain.column}: {what} are ordered {how} it."
        )
    return tuple(notes)


def _alone(context: TrainingContext) -> TrainingContext:
    """Return the context with one thread: these trees are so small that threads would mostly wait for each other."""
    return replace(context, settings=context.settings.model_copy(update={"training_threads": 1}))


def _joined(first: Lists, second: Lists) -> Lists:
    return Lists(*(np.concatenate(pair) for pair in zip(first.arrays(), second.arrays(), strict=True)))


def _day(micros: npt.ArrayLike) -> str:
    return str(np.asarray(micros, dtype=np.int64).astype("datetime64[us]").astype("datetime64[D]"))


def _load(folder: Path) -> "RecommendModel":
    from models.recommend import RecommendModel

    return RecommendModel.load(folder)


TASK = RecommendTask()
