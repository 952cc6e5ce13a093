"""A history made ready for matches before anybody asks for one."""

from typing import TYPE_CHECKING

import numpy as np

from intelligence.matching.lead_input import read_leads
from intelligence.matching.questions import ask, by_version

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from store.history import History


def make_ready_to_match(context: "Intelligence", history: "History") -> None:
    """Prepare what ranks by a history, as of now: with the version that serves, or the baseline."""
    now = np.array([context.clock().replace(tzinfo=None)], dtype="datetime64[us]")
    ((at, _),) = by_version(context, now)
    ask(context, history, read_leads([], history), now[:0], at, context.policies())
