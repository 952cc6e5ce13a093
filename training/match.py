"""Training of the match model: which partner wins a lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.terms import ModelName, PartnerStatus
from intelligence.features.pair_build import (
    FEATURE_SET,
    PairRows,
    PairSpec,
    build_pairs,
    describe_partners,
    has_identity,
)
from intelligence.features.pair_leads import describe_leads, lead_table
from intelligence.features.pair_state import PairState
from intelligence.features.pair_world import DAY_US, PairWorld
from intelligence.matching.eligibility import Eligibility
from models.affinity import AffinityParameters, fit_weights
from models.intervals import Untold
from models.match import TRIES, MatchModel
from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.match_accept import learn_acceptance
from training.match_baselines import BASELINES, WINS_BASELINES
from training.match_lists import with_ranking
from training.match_pairs import LABEL_RULES, Examples, Source, find_examples
from training.match_selection import PROPENSITY, corrected
from training.tabular import Baseline, back_test_binary, train_binary
from training.task import TrainingContext, TrainingResult

if TYPE_CHECKING:
    from models.amount import AmountModel
    from models.staged import AnyProbability
    from store.history import History

Ints = npt.NDArray[np.int64]

MOST_ROWS = 400_000
_MOST_ROWS_OF_WINS = 240_000
_RIVALS_KEPT = 30
"""Of each lead's candidates, drawn evenly and weighted accordingly: near and far ones keep their proportion."""
_KNOWN = "affinity_share"
_MOST_TERM_LEADS = 3_000
_RANDOM_RIVALS = 300
_THIN_RECORD = 5
_EARLY_SHARE = 0.65
"""Share of the examples, the earliest, on which stage 1 is fitted: the comparison is made on later ones."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set for the ranker, with what it was made of."""

    dataset: Dataset
    spec: PairSpec
    source: Source
    world: PairWorld


class MatchTask:
    """Builds pairs, fits stage 1 on the early ones and the ranker on all, compares with baselines."""

    name: str = ModelName.MATCH

    def train(self, history: "History", context: TrainingContext) -> TrainingResult:
        """Train; see `training.task.TrainingTask`."""
        prepared = self.prepare(history, context)
        dataset, spec = prepared.dataset, prepared.spec
        part = str(context.settings.match_horizon_days)
        champion = None
        if context.champion is not None:
            folder = context.champion.folder

            def champion(features: pd.DataFrame) -> Floats:
                return self.predict(folder, part, features)

        binary = train_binary(dataset, _baselines(prepared.source), context, part=part, champion=champion)
        correction = corrected(dataset, binary.part.evaluation, context)
        if correction.weighted:
            dataset = correction.dataset
            binary = train_binary(dataset, _baselines(prepared.source), context, part=part, champion=champion)
        evaluation = with_ranking(binary.part.evaluation) if prepared.source == "wins" else binary.part.evaluation
        amounts, columns = _fit_amounts(dataset)
        acceptance = learn_acceptance(dataset, binary.model, context)
        described = spec.as_json() | {"source": prepared.source}
        untold = _untold(prepared, binary.model)
        model = MatchModel(described, binary.model, amounts, columns, untold, acceptance.model)
        return TrainingResult(
            model=model,
            parts=(replace(binary.part, evaluation=evaluation, horizon_days=context.settings.match_horizon_days),),
            feature_set=FEATURE_SET,
            fingerprint=spec.fingerprint,
            columns=tuple(dataset.features.columns),
            label_rule=LABEL_RULES[prepared.source].format(days=context.settings.match_horizon_days),
            settings={"match_horizon_days": context.settings.match_horizon_days, "source": prepared.source},
            notes=_notes(prepared, correction.note, acceptance.note),
            counts={
                "partners": len(prepared.world.partner_ids),
                "leads": len(prepared.world.table),
                "offers": len(prepared.world.pairs.offers),
                "deals": len(prepared.world.pairs.deals),
            },
        )

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return p_win of feature rows by the model in `folder`; the horizon is the only `part`."""
        del part  # one model for whatever horizon it was trained with
        return np.asarray(MatchModel.load(folder).predict(features).p, dtype=np.float64)

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare model and baselines at several instants."""
        prepared = self.prepare(history, context)
        part = str(context.settings.match_horizon_days)
        found = back_test_binary({part: prepared.dataset}, _baselines(prepared.source), context, cutoffs)
        return [with_ranking(one) for one in found] if prepared.source == "wins" else found

    def prepare(self, history: "History", context: TrainingContext) -> Prepared:
        """Build the data set.

        Raises
        ------
        TrainingImpossible
            If there is no win to learn from.
        """
        settings = context.settings
        table = lead_table(history)
        leads = describe_leads(table, settings.protected_attributes)
        context.report("preparing leads, offers and deals")
        world = PairWorld(history, leads, settings.match_horizon_days, context.text, table)
        until_us = int(context.until.astype(np.int64))
        examples = find_examples(world.pairs, until_us, settings.match_horizon_days)
        numbers, words = describe_partners(history, settings.protected_attributes)
        # The world's own: with what texts have in common, which serving must not learn anew from later leads.
        spec = PairSpec(world.spec, AffinityParameters(contrast=examples.source != "wins"), settings.match_horizon_days)
        spec = replace(spec, partner_numbers=numbers, partner_words=words)
        context.report(f"{len(examples.rows):,} examples from {examples.source}")
        build = _from_wins if examples.source == "wins" else _from_outcomes
        dataset, spec = build(world, spec, examples, context)
        return Prepared(dataset, spec, examples.source, world)


def _untold(prepared: Prepared, model: "AnyProbability") -> Untold | None:
    """Learn how much more partners differ of whom less is on record; from outcomes, not from wins alone."""
    features = prepared.dataset.features
    if prepared.source == "wins" or TRIES not in features:
        return None
    return Untold.learn(model.believe(features).z, MatchModel.record(features))


def _notes(prepared: Prepared, *more: str) -> tuple[str, ...]:
    """Say what the history can and cannot teach about partners that were not chosen."""
    if prepared.source == "wins":
        return (
            "Learned from wins alone: who did not win counts as a rival, not as a failure; p_win is the share among "
            "the candidates and tells partners apart better than leads.",
            more[-1],
        )
    partners = prepared.dataset.extra["partner"].to_numpy(np.int64)
    counts = np.bincount(partners, minlength=len(prepared.world.partner_ids))
    ids, history = prepared.world.partner_ids, prepared.world.history
    active = (history.status_as_of(ids, np.full(len(ids), history.until)) == PartnerStatus.ACTIVE).to_numpy(bool)
    thin = int((active & (counts < _THIN_RECORD)).sum())
    return (
        f"Learned from pairs that were chosen before: {thin:,} of {int(active.sum()):,} active partners have fewer "
        f"than {_THIN_RECORD} outcomes among the rows, and rest on profile, place, text and segment.",
        *more,
    )


def _baselines(source: Source) -> Mapping[str, Baseline]:
    return WINS_BASELINES if source == "wins" else BASELINES


def _from_outcomes(
    world: PairWorld, spec: PairSpec, examples: Examples, context: TrainingContext
) -> tuple[Dataset, PairSpec]:
    rows = examples.rows.tail(MOST_ROWS)
    spec = replace(spec, identity=has_identity(rows["partner"].to_numpy(np.int64)))
    asked = [rows] if examples.answers is None else [rows, examples.answers.tail(MOST_ROWS)]
    features = _features_of(world, spec, pd.concat(asked, ignore_index=True))
    state = PairState(world, spec.affinity)
    terms = features[list(state.term_names)].to_numpy(np.float64)
    early = np.arange(max(int(_EARLY_SHARE * len(rows)), 1))
    weights, intercept = fit_weights(terms[early], rows["won"].to_numpy(np.float64)[early])
    fitted = replace(spec.affinity, names=state.term_names, weights=tuple(weights.tolist()), intercept=intercept)
    # The same numbers as building everything again with the fitted weights.
    features["affinity"] = fitted.score(terms.astype(np.float32)).astype(np.float32).astype(np.float64)
    spec = replace(spec, affinity=fitted)
    dataset = _dataset(features.iloc[: len(rows)], rows, spec, context.settings.match_horizon_days)
    if examples.answers is not None:
        more = features.iloc[len(rows) :].reset_index(drop=True)
        dataset = replace(dataset, sooner=_answered(dataset, more, asked[1]))
    return dataset, spec


def _features_of(world: PairWorld, spec: PairSpec, asked: pd.DataFrame) -> pd.DataFrame:
    """Features of pairs that may be asked about twice: as examples and as answers."""
    distinct = asked[["lead", "partner", "at"]].drop_duplicates()
    lead, partner, at = (distinct[name].to_numpy(np.int64) for name in ("lead", "partner", "at"))
    found = build_pairs(world, spec, world.batch, lead, partner, at)
    place = asked.merge(distinct.assign(row=np.arange(len(distinct))), how="left")["row"]
    return found.iloc[place.to_numpy(np.int64)].reset_index(drop=True)


def _answered(dataset: Dataset, features: pd.DataFrame, answers: pd.DataFrame) -> Dataset:
    """Return the answered offers as rows of their own, labelled by the answer."""
    at, known = (answers[name].to_numpy(np.int64) for name in ("at", "known"))
    window = int(np.median(known - at)) if len(at) else 0
    return Dataset(
        features=features[list(dataset.features.columns)],
        label=answers["accepted"].to_numpy(np.float64),
        as_of=at.astype("datetime64[us]"),
        known_at=known.astype("datetime64[us]"),
        group=answers["lead"].to_numpy(np.int64),
        horizon_days=int(np.ceil(window / DAY_US)),
        extra=answers[["partner", PROPENSITY]].reset_index(drop=True),
    )


def _from_wins(
    world: PairWorld, spec: PairSpec, examples: Examples, context: TrainingContext
) -> tuple[Dataset, PairSpec]:
    most = context.settings.match_candidates
    winners = {int(group["lead"].iloc[0]): group for _, group in examples.rows.groupby("lead", sort=False)}
    order = list(winners)  # by time
    spec = replace(spec, affinity=_fit_stage_one(world, spec, winners, order, context.seed))
    newest = order[-(_MOST_ROWS_OF_WINS // min(most, _RIVALS_KEPT)) :]
    context.report(f"stage 1 fitted; candidates for each of {len(newest):,} leads")
    state = PairState(world, spec.affinity)
    rules = Eligibility(world, state.profiles)
    pairs = PairRows(spec, state, world.batch)
    random = np.random.default_rng(context.seed)
    parts = [_candidates_of(lead, winners[lead], pairs, state, rules, most, random) for lead in newest]
    rows = pd.concat(parts, ignore_index=True)
    longest = int(np.ceil((rows["known"] - rows["at"]).max() / DAY_US))
    horizon = min(max(longest, 1), context.settings.match_horizon_days)
    # What stage 1 knows is given: the model learns what is to be added to it.
    found = _dataset(pairs.frame(), rows, spec, horizon)
    return replace(found, offset=_KNOWN if _KNOWN in found.features else None), spec


def _candidates_of(
    lead: int,
    winners: pd.DataFrame,
    pairs: PairRows,
    state: PairState,
    rules: Eligibility,
    most: int,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Add the best stage-1 candidates of a lead to `pairs` and return their outcomes."""
    at, won_by = int(winners["at"].iloc[0]), winners["partner"].to_numpy(np.int64)
    state.advance(at)
    scores = state.scores(state.world.batch.query(lead), at)
    allowed = np.flatnonzero(_allowed(rules, state.world, lead, at, won_by))
    best = allowed[np.argsort(-scores[allowed], kind="stable")[:most]]
    chosen, weight = _thinned(best, np.isin(best, won_by), random)
    pairs.add(lead, at, chosen, scores)
    return pd.DataFrame(
        {
            "lead": lead,
            "partner": chosen,
            "at": at,
            "known": int(winners["known"].iloc[0]),
            "won": np.isin(chosen, won_by).astype(np.float64),
            "amount": winners.set_index("partner")["amount"].reindex(chosen).to_numpy(np.float64),
            "weight": weight,
        }
    )


def _thinned(
    candidates: Ints, won: npt.NDArray[np.bool_], random: np.random.Generator
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Keep all winners and an even sample of the others, which weigh as many as they stand for."""
    rivals = np.flatnonzero(~won)
    kept = random.choice(rivals, min(_RIVALS_KEPT, len(rivals)), replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(won), kept]))
    weight = np.where(won[rows], 1.0, len(rivals) / max(len(kept), 1))
    return candidates[rows], weight


def _allowed(rules: Eligibility, world: PairWorld, lead: int, at: int, winners: Ints) -> npt.NDArray[np.bool_]:
    """Partners that could have had the lead: by the programme's rules, not by what became of this very lead."""
    query = replace(world.batch.query(lead), customer=-1, company=None, domain=None)
    allowed = rules.allowed(query, at)
    allowed[winners] = True
    return allowed


def _fit_stage_one(
    world: PairWorld, spec: PairSpec, winners: Mapping[int, pd.DataFrame], order: list[int], seed: int
) -> AffinityParameters:
    """Fit weights by a conditional logit among winners and random rivals of earlier leads."""
    early = order[: max(int(_EARLY_SHARE * len(order)), 1)][-_MOST_TERM_LEADS:]
    state = PairState(world, spec.affinity)
    rules = Eligibility(world, state.profiles)
    random = np.random.default_rng(seed)
    terms, labels, groups = [], [], []
    for lead in early:
        group = winners[lead]
        at, won = int(group["at"].iloc[0]), group["partner"].to_numpy(np.int64)
        state.advance(at)
        rivals = np.setdiff1d(np.flatnonzero(_allowed(rules, world, lead, at, won)), won)
        rivals = random.choice(rivals, min(_RANDOM_RIVALS, len(rivals)), replace=False)
        partners = np.concatenate([won, rivals])
        terms.append(state.terms(world.batch.query(lead), at, partners))
        labels.append(np.arange(len(partners)) < len(won))
        groups.append(np.full(len(partners), lead))
    weights, _ = fit_weights(np.concatenate(terms), np.concatenate(labels).astype(float), np.concatenate(groups))
    return replace(spec.affinity, names=state.term_names, weights=tuple(weights.tolist()))


def _dataset(features: pd.DataFrame, rows: pd.DataFrame, spec: PairSpec, horizon_days: int) -> Dataset:
    """Leave out columns that never vary: where they do in serving, the model has not learned what they mean."""
    varying = [name for name in features.columns if features[name].nunique(dropna=False) > 1] or list(
        features.columns[:1]
    )
    accepted = [name for name in ("accepted",) if name in rows]
    logged = [name for name in (PROPENSITY,) if name in rows]
    return Dataset(
        features=features[varying],
        label=rows["won"].to_numpy(np.float64),
        as_of=rows["at"].to_numpy(np.int64).astype("datetime64[us]"),
        known_at=rows["known"].to_numpy(np.int64).astype("datetime64[us]"),
        group=rows["lead"].to_numpy(np.int64),
        horizon_days=horizon_days,
        weight=rows["weight"].to_numpy(np.float64) if "weight" in rows else None,
        extra=rows[["partner", "amount", *accepted, *logged]].reset_index(drop=True),
        first_step=accepted[0] if accepted else None,
        feature_set=FEATURE_SET,
        fingerprint=spec.fingerprint,
    )


def _fit_amounts(dataset: Dataset) -> tuple["AmountModel | None", tuple[str, ...]]:
    """Fit the amount on won pairs: what is known of the lead and of the partner's profile."""
    from models.amount import AmountModel

    names = [str(name) for name in dataset.features.columns]
    columns = tuple(name for name in names if name.startswith(("lead.", "partner")))
    amount = dataset.extra["amount"].to_numpy(np.float64)
    rows = (dataset.label > 0) & np.isfinite(amount) & (amount >= 0)
    if not rows.any() or not columns:
        return None, columns
    return AmountModel().fit(dataset.features.loc[rows, list(columns)], amount[rows]), columns


TASK = MatchTask()
