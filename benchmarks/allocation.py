"""How long the solver takes for 1,000 leads and 2,000 partners: ``python -m benchmarks allocation``.

Values are drawn at random, half of all pairs are allowed: far more than rules of eligibility leave in a programme.
"""

import time

import numpy as np
import numpy.typing as npt

from intelligence.matching.assignment import Allocation, allocate
from intelligence.matching.limits import GroupLimit

_LEADS, _PARTNERS = 1_000, 2_000


def main() -> str:
    """Return the table."""
    rng = np.random.default_rng(1)
    value = _value(rng)
    rooms = {
        "one each": np.ones(_PARTNERS),
        "0 to 3": rng.integers(0, 4, _PARTNERS).astype(np.float64),
        "one, of three in ten": (rng.uniform(size=_PARTNERS) < 0.3).astype(np.float64),
        "endless": np.full(_PARTNERS, np.inf),
    }
    limits = _limits(rng)
    rows = ["| room | limits | CPU s | assigned | value | bound |", "|---|---|---:|---:|---:|---:|"]
    for name, room in rooms.items():
        for told, chosen in (("none", []), ("four that cross, with their costs", limits)):
            start = time.process_time()
            found = allocate(value, room, chosen)
            rows.append(f"| {name} | {told} | {time.process_time() - start:.1f} | {_row(found)} |")
    return "\n".join(rows)


def _value(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    leads, partners = rng.normal(size=(_LEADS, 6)), rng.normal(size=(_PARTNERS, 6))
    noise = rng.normal(size=(_LEADS, _PARTNERS)) * 0.3
    value = 1 / (1 + np.exp(2 - leads @ partners.T * 0.5 - rng.normal(size=_PARTNERS) * 0.7 - noise))
    value[rng.uniform(size=value.shape) < 0.5] = np.nan
    return np.asarray(value, dtype=np.float64)


def _limits(rng: np.random.Generator) -> list[GroupLimit]:
    tier, country = rng.integers(0, 4, _PARTNERS), rng.integers(0, 12, _PARTNERS)
    newcomer = np.where(rng.uniform(size=_PARTNERS) < 0.1, 0, -1)
    every = np.arange(_PARTNERS)
    return [
        GroupLimit(tier, tuple(map(str, range(4))), least=0.2, most=0.3),
        GroupLimit(country, tuple(map(str, range(12))), most=0.1),
        GroupLimit(newcomer, ("newcomer",), least=0.25),
        GroupLimit(every, tuple(map(str, every)), most=0.002),
    ]


def _row(found: Allocation) -> str:
    return f"{int((found.given >= 0).sum()):,} | {found.value:.3f} | {found.report.bound:.3f}"
