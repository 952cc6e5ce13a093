"""Which partner of the generated programme shows most of what a partner can see."""

from pathlib import Path

import numpy as np
import pandas as pd


def demo_partner(folder: Path) -> str:
    """Return the external id of an active partner with much to see: open offers and deals, certificates, a plan.

    Parameters
    ----------
    folder : Path
        The generated programme, with its duties.
    """
    files = {name: pd.read_csv(folder / f"{name}.csv") for name in _WEIGHTS}
    partners = pd.read_csv(folder / "partners.csv").set_index("external_id")
    busy = files["deals"].query("outcome.isna() and lead.notna()", engine="python")["partner"].value_counts()
    free = partners["max_open_leads"] - busy.reindex(partners.index).fillna(0) >= _HANDS_FREE
    seen = pd.DataFrame(index=partners.index[(partners["status"] == "active") & free])
    for name, (chosen, weight, most) in _WEIGHTS.items():
        rows = files[name].query(chosen, engine="python") if chosen else files[name]
        count = rows["partner"].value_counts().reindex(seen.index).fillna(0)
        seen[name] = weight * np.minimum(count, most)
    if not len(seen):
        return str(partners.index[0])
    return str(seen.sum(axis=1).idxmax())


_HANDS_FREE = 5
_WEIGHTS = {
    "assignments": ("response.isna()", 3, 2),
    "deals": ("outcome.isna()", 0.5, 8),
    "enrolments": ("", 0.5, 6),
    "plans": ("status == 'agreed'", 4, 1),
    "notes": ("kind == 'message'", 1.5, 2),
    "fund_requests": ("", 2, 2),
    "contacts": ("", 1, 2),
    "interventions": ("", 1, 1),
}
"""By file: which rows count, how much one is worth, and how many count at the most."""
