"""What the people of a programme do beside what models learn from: recruitment, training, money, plans, talk."""

import numpy as np
import pandas as pd

from demo import duty_desk, duty_money, duty_recruitment, duty_talk, duty_training
from demo.facts import Facts
from demo.state import State
from demo.trade_tables import DealBook
from domain.resources import RESOURCES

_STREAM = 23


def duties(state: State, frames: dict[str, pd.DataFrame], book: DealBook) -> dict[str, pd.DataFrame]:
    """Return the files of the duties, and those of the first resources that they add to.

    Parameters
    ----------
    state : State
        At the end.
    frames : dict of str to DataFrame
        What the models learn from.
    book : DealBook
        Deals.

    Returns
    -------
    dict of str to DataFrame
        By resource. ``goals`` are those of `frames` and more; ``feedback`` names the survey that it answers.
    """
    facts = Facts(state, frames, book, np.random.default_rng([state.spec.seed, _STREAM]))
    told: dict[str, pd.DataFrame] = {}
    for room in (duty_recruitment, duty_training, duty_money, duty_talk, duty_desk):
        told |= room.tell(facts)
    return {name: told[name] for name in RESOURCES if name in told and len(told[name])}
