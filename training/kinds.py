"""Settings that name activity kinds, against the kinds that the store holds."""

from collections.abc import Iterable
from difflib import get_close_matches

import pandas as pd


def unknown_kinds(setting: str, named: Iterable[str], activities: pd.DataFrame, known: Iterable[str] = ()) -> list[str]:
    """Return a warning for each kind that a setting names and that no activity is of.

    Parameters
    ----------
    setting : str
        Its name, for the warning.
    named : iterable of str
        Kinds that it names.
    activities : DataFrame
        With a column ``kind``.
    known : iterable of str, optional
        Words that the setting knows besides.

    Examples
    --------
    >>> unknown_kinds("life_signs", ["logni", "deal"], pd.DataFrame({"kind": ["login", "call"]}), known=["deal"])
    ["Warning: setting life_signs names 'logni', a kind that no activity is of (perhaps 'login' is meant)."]
    """
    kinds = {str(kind) for kind in activities["kind"].dropna().unique()} if "kind" in activities else set()
    warnings = []
    for name in sorted({str(name) for name in named} - kinds - set(known)):
        near = get_close_matches(name, sorted(kinds), n=1)
        hint = f" (perhaps {near[0]!r} is meant)" if near else ""
        warnings.append(f"Warning: setting {setting} names {name!r}, a kind that no activity is of{hint}.")
    return warnings
