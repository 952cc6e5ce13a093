"""Fields of a lead that name the partner who won it, in clear or by a code."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.leak_statistics import levels

Ints = npt.NDArray[np.int64]

_FOLDS = 4
_LEAST_LEADS, _LEAST_PARTNERS = 40, 8
_NAMED, _ENCODED = 0.8, 0.7
_JUDGED = 0.2
_OF_HONEST_ERROR = 0.4
"""Where places or customers tell the winner too, a field must err much less often than they do."""
_HONEST = ("place", "city_place", "country", "industry", "source", "product", "program", "customer")


def names_the_winner(leads: pd.DataFrame, field: str, winners: pd.DataFrame, partners: pd.DataFrame) -> str:
    """Say how `field` gives the winner away; empty if it does not.

    Parameters
    ----------
    leads : DataFrame
        Of `lead_table`.
    field : str
        Its column.
    winners : DataFrame
        Won pairs: ``lead`` and ``partner``, positions.
    partners : DataFrame
        With ``external_id`` and ``name``.
    """
    rows = winners[leads[field].notna().to_numpy()[winners["lead"].to_numpy(np.int64)]]
    if rows["lead"].nunique() < _LEAST_LEADS or rows["partner"].nunique() < _LEAST_PARTNERS:
        return ""
    named = _share_named(leads[field], rows, partners)
    if named >= _NAMED:
        return f"it names the partner that won in {named:.0%} of the leads won"
    encoded, n_levels = _share_encoded(leads[field], rows)
    if encoded < _ENCODED or n_levels > 2 * rows["partner"].nunique():
        return ""
    honest = [_share_encoded(leads[name], rows)[0] for name in _HONEST if name in leads and leads[name].notna().any()]
    if 1 - encoded > _OF_HONEST_ERROR * (1 - max(honest, default=0.0)):
        return ""
    return f"its value tells the partner that won in {encoded:.0%} of the leads won"


def _share_named(values: pd.Series, rows: pd.DataFrame, partners: pd.DataFrame) -> float:
    """Share of leads whose value is the id or name of a winner, possibly among others in a list."""
    if pd.api.types.is_numeric_dtype(values):
        said = values.map(lambda value: "" if pd.isna(value) else f"{value:g}")
    else:
        said = values.fillna("").astype(str)
    at = rows["partner"].to_numpy(np.int64)
    found = np.zeros(len(rows), dtype=bool)
    texts = said.str.casefold().to_numpy(object)[rows["lead"].to_numpy(np.int64)]
    for column in ("external_id", "name"):
        own = partners[column].astype(str).str.casefold().to_numpy(object)[at]
        found |= [name == text or name in _listed(text) for name, text in zip(own, texts, strict=True)]
    return float(pd.Series(found).groupby(rows["lead"].to_numpy()).max().mean())


def _listed(text: str) -> set[str]:
    return {part.strip() for sign in ";,|" for part in text.split(sign)}


def _share_encoded(values: pd.Series, rows: pd.DataFrame) -> tuple[float, int]:
    """Share of leads whose winner is the most frequent one of the same value in other leads, where there are such."""
    lead, partner = rows["lead"].to_numpy(np.int64), rows["partner"].to_numpy(np.int64)
    codes, names = _codes(values, lead)
    fold = np.random.default_rng(0).permutation(int(lead.max(initial=0)) + 1)[lead] % _FOLDS
    right, judged = [], []
    for number in range(_FOLDS):
        test = fold == number
        counts = pd.DataFrame({"code": codes[~test], "partner": partner[~test]}).value_counts().reset_index()
        best = counts.drop_duplicates("code").set_index("code")["partner"]
        guess = best.reindex(codes[test]).to_numpy(np.float64)
        right.append(guess == partner[test])
        judged.append(np.isfinite(guess))
    order = np.concatenate([lead[fold == number] for number in range(_FOLDS)])
    by_lead = pd.DataFrame({"right": np.concatenate(right), "judged": np.concatenate(judged)}).groupby(order).max()
    if by_lead["judged"].mean() < _JUDGED:
        return 0.0, len(names)
    return float(by_lead.loc[by_lead["judged"], "right"].mean()), len(names)


def _codes(values: pd.Series, lead: Ints) -> tuple[Ints, list[str]]:
    chosen = values.iloc[lead].reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(chosen):
        chosen = chosen.astype("str").where(chosen.notna())
    return levels(chosen)
