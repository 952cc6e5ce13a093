"""Features of pairs of partner and item, at one instant."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from intelligence.features.item_columns import UNKNOWN, ItemColumns
from intelligence.features.item_log import DAY, Bools, Floats, Ints, column
from intelligence.features.item_traits import FAMILIES, row_means, select, unit_rows
from models.recommenders import lift, neighbours, spread, unit_rows_sparse
from models.recommenders_content import ContentSpace, Tastes, tastes, whiten

_MOST_FRESH = 20_000

PAIR_FEATURES = (
    "age_gap",
    "age_fit",
    "order_gap",
    "passed_over",
    "knn_all",
    "knn_short",
    "knn_mid",
    "knn_short_share",
    "knn_closest",
    "knn_recent",
    "follow_short",
    "factor_short",
    "factor_mid",
    "reader_gap",
    "item_knn",
    "ease",
    "segment_short",
    "segment_lift",
    *(f"own_{family}" for family in FAMILIES),
    "text_history",
    "text_recent",
    "text_description",
    "taste_own",
    "taste_recent",
    "taste_peers",
    "taste_both",
    "author_read",
    "author_likeness",
    "same_language",
    "product_deals",
)


def _cosine(profiles: npt.NDArray[np.float64], vectors: Floats, without: Bools) -> Floats:
    """Return likeness of each profile to each item; NaN where either has no text."""
    unit = unit_rows(profiles.astype(np.float32))
    likeness = unit @ vectors.T if unit.shape[1] else np.zeros((len(unit), len(vectors)), dtype=np.float32)
    likeness[:, without] = UNKNOWN
    likeness[~profiles.any(axis=1)] = UNKNOWN
    return np.asarray(likeness, dtype=np.float32)


class ItemPairs:
    """Features of pairs at one instant.

    Parameters
    ----------
    columns : ItemColumns
        Features of items and partners at that instant.
    """

    def __init__(self, columns: ItemColumns) -> None:
        self.columns, self.state = columns, columns.state
        self.half_lives = columns.half_lives

    @cached_property
    def unit(self) -> sparse.csr_array:
        """Partners by items, rare items weighing more, each partner's row of length 1."""
        rarity = 1.0 / np.log2(2.0 + self.state.n_readers)
        return unit_rows_sparse(sparse.csr_array(self.state.engaged @ sparse.diags_array(rarity)))

    @cached_property
    def _item_unit(self) -> sparse.csr_array:
        return sparse.csr_array(unit_rows_sparse(sparse.csr_array(self.state.engaged.T)).T)

    @cached_property
    def _fresh(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        return (
            self.state.readers(self.state.decay(self.half_lives[1])),
            self.state.readers(self.state.decay(self.half_lives[3])),
        )

    @cached_property
    def _tag_prior(self) -> Floats:
        counts = np.asarray((self.state.n_readers @ self.state.space.tags.matrix), dtype=np.float32)
        return counts / max(float(counts.sum()), 1.0)

    @cached_property
    def _segment_table(self) -> tuple[sparse.csr_array, Floats]:
        """Return the partners' marks (rows sum to 1) and, for each mark, the lift of each item tag."""
        marks = self.state.space.marks(self.state.profile).matrix
        per_partner = self.state.engaged @ self.state.space.tags.matrix
        counts = np.asarray((marks.T @ per_partner).toarray(), dtype=np.float32)
        return row_means(marks), lift(counts, self._tag_prior, strength=20.0)

    @cached_property
    def _item_tags(self) -> sparse.csr_array:
        return row_means(self.state.space.tags.matrix)

    def dense(self, rows: Ints) -> dict[str, Floats]:
        """Features of partners at `rows` with all items, each dense of shape (len(rows), n_items)."""
        likeness = neighbours(self.unit, rows)
        marks = unit_rows_sparse(self._segment_table[0])
        short, mid = self._fresh
        values = {
            "knn_all": spread(likeness, self.state.engaged),
            "knn_short": spread(likeness, short),
            "knn_mid": spread(likeness, mid),
            "item_knn": spread(np.asarray((self._item_unit[rows] @ self._item_unit.T).toarray()), self._item_unit),
            "ease": self.state.space.ease(self.state.as_of).score(self.state.engaged[rows]),
            "segment_short": spread(neighbours(marks, rows), mid),
        }
        fresh = np.maximum(self.columns.item_values["item_readers_1"], 1e-6)
        values["knn_short_share"] = np.asarray(values["knn_short"] / fresh, dtype=np.float32)
        values |= self._reader_values(rows, likeness)
        author = self.state.authors
        values["author_likeness"] = np.where(author >= 0, likeness[:, author], UNKNOWN).astype(np.float32)
        values |= self._tag_values(rows) | self._text_values(rows) | self._author_values(rows)
        values |= self._taste_values(rows)
        return values | {"product_deals": self._product_deals(rows)}

    def _reader_values(self, rows: Ints, likeness: Floats) -> dict[str, Floats]:
        """Features of who the fresh readers of an item are: the closest, those of like taste lately, the followed."""
        short, mid = self._fresh
        engaged = self.state.engaged
        common = np.asarray((engaged[rows] @ engaged.T).toarray(), dtype=np.float32)
        followed = common / (self.state.n_read + 5.0)
        return {
            "knn_closest": self._closest(likeness),
            "knn_recent": spread(neighbours(self._unit_recent, rows), mid),
            "follow_short": spread(followed, short),
            "factor_short": self._factor_likeness(rows, short),
            "factor_mid": self._factor_likeness(rows, mid),
        }

    def _factor_likeness(self, rows: Ints, readers: sparse.csr_array) -> Floats:
        """Return likeness, in the space of factors, to the (weighted) mean reader of each item."""
        factors = self.state.space.factors(self.state.as_of)
        weight = np.asarray(readers.sum(axis=0)).ravel()
        means = np.asarray(readers.T @ factors) / (weight[:, None] + 1.0)
        return np.asarray(factors[rows] @ means.T, dtype=np.float32)

    @cached_property
    def _usual_reader(self) -> Floats:
        """How much the readers of each item engage with otherwise (mean log count, shrunk to everyone's)."""
        state = self.state
        logs = np.log1p(state.n_read)[state.pair_partner]
        overall = float(logs.mean()) if len(logs) else 0.0
        total = np.bincount(state.pair_item, logs, state.log.n_items)
        return np.asarray((total + 2.0 * overall) / (state.n_readers + 2.0), dtype=np.float32)

    @cached_property
    def _unit_recent(self) -> sparse.csr_array:
        return unit_rows_sparse(self.state.readers(self.state.decay(self.half_lives[-1])))

    @cached_property
    def _fresh_pairs(self) -> tuple[Ints, Ints, Ints]:
        """Return the readers of the latest pairs sorted by item, where each item begins, and the items."""
        state = self.state
        oldest = state.as_of - int(self.half_lives[-2] * DAY)
        latest = np.flatnonzero(state.pair_at > oldest)[-_MOST_FRESH:]
        latest = latest[np.argsort(state.pair_item[latest], kind="stable")]
        items, starts = np.unique(state.pair_item[latest], return_index=True)
        return state.pair_partner[latest], starts.astype(np.int64), items

    def _closest(self, likeness: Floats) -> Floats:
        """Return the likeness of the most alike of the fresh readers of each item."""
        readers, starts, items = self._fresh_pairs
        closest = np.zeros((len(likeness), self.state.log.n_items), dtype=np.float32)
        if len(readers):
            closest[:, items] = np.maximum.reduceat(likeness[:, readers], starts, axis=1)
        return closest

    def _tag_values(self, rows: Ints) -> dict[str, Floats]:
        tags = self.state.space.tags
        shape = (len(rows), self.state.log.n_items)
        own = np.asarray((self.state.strength[rows] @ tags.matrix).toarray(), dtype=np.float32)
        values = {}
        for family in FAMILIES:
            chosen = select(tags, family)
            if not len(chosen):
                values[f"own_{family}"] = np.full(shape, UNKNOWN, dtype=np.float32)
                continue
            prior = self._tag_prior[chosen]
            lifts = lift(own[:, chosen], prior / max(float(prior.sum()), 1e-9))
            values[f"own_{family}"] = spread(lifts, sparse.csr_array(row_means(tags.matrix[:, chosen]).T))
        marks, lifts = self._segment_table
        values["segment_lift"] = spread(np.asarray(marks[rows] @ lifts), sparse.csr_array(self._item_tags.T))
        return values

    def _text_values(self, rows: Ints) -> dict[str, Floats]:
        vectors = self.state.space.vectors
        shape = (len(rows), self.state.log.n_items)
        nothing = np.full(shape, UNKNOWN, dtype=np.float32)
        if not vectors.shape[1]:
            return {"text_history": nothing, "text_recent": nothing, "text_description": nothing}
        recent = self.state.readers(self.state.decay(self.half_lives[2]))
        descriptions = self.state.space.descriptions(self.state.profile)
        without = np.asarray(~vectors.any(axis=1))
        profiles = {
            "text_history": self.state.strength[rows] @ vectors,
            "text_recent": recent[rows] @ vectors,
            "text_description": descriptions[rows] if descriptions.shape[1] else np.zeros((len(rows), 0)),
        }
        return {name: _cosine(np.asarray(profile), vectors, without) for name, profile in profiles.items()}

    @cached_property
    def _tastes(self) -> tuple[ContentSpace, Tastes, Tastes] | None:
        """Return the content space, and tastes by all engagements and by the recent ones."""
        state = self.state
        space = whiten(state.space.content, state.n_readers)
        if space is None:
            return None
        profiles = state.space.peer_profiles(state.profile)
        recent = state.readers(state.decay(self.half_lives[3]))
        return space, tastes(space, state.strength, profiles), tastes(space, recent, profiles[:, :0])

    def _taste_values(self, rows: Ints) -> dict[str, Floats]:
        if self._tastes is None:
            nothing = np.full((len(rows), self.state.log.n_items), UNKNOWN, dtype=np.float32)
            return dict.fromkeys(("taste_own", "taste_recent", "taste_peers", "taste_both"), nothing)
        space, ever, recent = self._tastes
        wanted = {"own": ever.own, "recent": recent.own, "peers": ever.peers, "both": ever.both}
        return {f"taste_{name}": space.score(values[rows]) for name, values in wanted.items()}

    def _author_values(self, rows: Ints) -> dict[str, Floats]:
        author = self.state.authors
        known = np.flatnonzero(author >= 0)
        ones = np.ones(len(known), dtype=np.float32)
        wrote = sparse.csr_array((ones, (known, author[known])), shape=(len(author), self.state.log.n_partners))
        read = np.asarray((self.state.engaged[rows] @ wrote).toarray(), dtype=np.float32)
        read /= np.maximum(self.state.n_read[rows, None], np.float32(1.0))
        return {"author_read": np.where(author >= 0, read[:, author], UNKNOWN)}

    def cells(self, partner: Ints, item: Ints) -> dict[str, Floats]:
        """Features of single pairs that need no dense matrix."""
        state = self.state
        mean, spread_, order = self.columns.habit
        gap = state.log_age[item] - mean[partner]
        return {
            "age_gap": gap,
            "age_fit": -0.5 * (gap / spread_[partner]) ** 2 - np.log(spread_[partner]),
            "reader_gap": self._usual_reader[item] - np.log1p(state.n_read[partner]),
            "order_gap": np.log1p(state.n_readers[item]) - order[partner],
            "passed_over": self._events_since(partner, state.born[item]),
            "same_language": self._language_fit(partner, item),
        }

    @cached_property
    def _event_keys(self) -> Ints:
        end = self.state.n_events
        return np.sort((self.state.log.partner[:end] << 33) | (self.state.log.at[:end] // 1_000_000 & (2**33 - 1)))

    def _events_since(self, partner: Ints, instant: Ints) -> Floats:
        """Count the partner's engagements since an instant: chances to see the item that passed."""
        seconds = np.clip(instant // 1_000_000, 0, 2**33 - 1)
        since = np.searchsorted(self._event_keys, (partner << 33) | seconds)
        end = np.searchsorted(self._event_keys, (partner + 1) << 33)
        return np.asarray(end - since, dtype=np.float32)

    @cached_property
    def _languages(self) -> tuple[list[frozenset[str]], list[str]]:
        spoken = column(self.state.profile, "languages", ()).tolist()
        written = self.state.log.items["language"].tolist()
        return (
            [
                frozenset(str(word).lower() for word in words) if isinstance(words, tuple) else frozenset()
                for words in spoken
            ],
            [word.lower() if isinstance(word, str) else "" for word in written],
        )

    @cached_property
    def _language_table(self) -> tuple[Floats, Ints, Ints]:
        spoken, written = self._languages
        sets, words = list(dict.fromkeys(spoken)), list(dict.fromkeys(written))
        table = np.array(
            [[UNKNOWN if not s or not w else float(w in s) for w in words] for s in sets], dtype=np.float32
        )
        places = {s: n for n, s in enumerate(sets)}, {w: n for n, w in enumerate(words)}
        return table, np.array([places[0][s] for s in spoken]), np.array([places[1][w] for w in written])

    def _language_fit(self, partner: Ints, item: Ints) -> Floats:
        table, spoken, written = self._language_table
        return np.asarray(table[spoken[partner], written[item]], dtype=np.float32)

    @cached_property
    def _product_tables(self) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Return deals known by (partner, product) and products by (product, item)."""
        history, log = self.state.log.history, self.state.log
        places: dict[object, int] = {}
        for place, row in enumerate(history.products[["id", "external_id"]].itertuples(index=False)):
            places[int(row[0])] = places[row[1]] = place
        listed = [
            (row, places.get(name, -1))
            for row, names in enumerate(log.items["products"])
            if isinstance(names, (tuple, list))
            for name in names
        ]
        about = np.array([cell for cell in listed if cell[1] >= 0], dtype=np.int64).reshape(-1, 2)
        deals = history.deals[history.deals["registered_at"] <= np.datetime64(self.state.as_of, "us")]
        sold = np.array([places.get(product, -1) for product in deals["product_id"].tolist()], dtype=np.int64)
        seller = log.positions(deals["partner_id"].to_numpy(np.int64))
        kept = (sold >= 0) & (seller >= 0)
        n = max(len(history.products), 1)
        ones = np.ones(max(len(about), int(kept.sum())), dtype=np.float32)
        deal_table = sparse.coo_array((ones[: kept.sum()], (seller[kept], sold[kept])), shape=(log.n_partners, n))
        item_table = sparse.coo_array((ones[: len(about)], (about[:, 1], about[:, 0])), shape=(n, log.n_items))
        return sparse.csr_array(deal_table), sparse.csr_array(item_table)

    def _product_deals(self, rows: Ints) -> Floats:
        deals, items = self._product_tables
        return np.log1p(np.asarray((deals[rows] @ items).toarray(), dtype=np.float32))
