"""What a generated world is asked to be, and what came out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.errors import InvalidInput


@dataclass(frozen=True)
class WorldSpec:
    """Size, seed and laws' strengths of a generated programme.

    Parameters
    ----------
    seed : int
        Everything random follows from it (and from `end`, because the calendar does).
    end : datetime
        Aware instant at which the recorded history stops; "today" of the world.
    years : int, default=3
        Length of the history.
    partners, prospects, leads, assets, offers, products, programs : int
        Rows to make; partners are all companies ever recruited or already there at the start.
    deals, activities : int
        About how many to make; their exact number is an outcome of the story.
    match_effect, fit_effect, churn_effect, taste_effect : float, default=1
        Multiply the strengths with which traits act on winning, productivity, dropout and choice of content.
    text_signal : float, default=1
        Multiplies what the customer's need, which only the description tells, does to winning and acceptance.
    policy_bias : float, default=1
        Multiplies the historical router's preferences (near, high tier, old friends).
    explored_share : float, default=0
        Probability with which the router, during the last year, asks an allowed partner drawn evenly in place of its
        own choice first.
    truth_draws : int, default=400
        Monte Carlo paths a partner and instant for the true probability of silence.
    duties : bool, default=False
        Write the files of the programme's duties, too: training, money, plans, talk and so on. What the models learn
        from stays as it is; goals are added to, and feedback names the survey that it answers.

    Raises
    ------
    InvalidInput
        If a size is out of range or `end` has no time zone.
    """

    seed: int
    end: datetime
    years: int = 3
    partners: int = 400
    prospects: int = 1500
    leads: int = 15_000
    deals: int = 12_000
    activities: int = 200_000
    assets: int = 300
    offers: int = 40
    products: int = 8
    programs: int = 2
    match_effect: float = 1.0
    fit_effect: float = 1.0
    churn_effect: float = 1.0
    taste_effect: float = 1.0
    text_signal: float = 1.0
    policy_bias: float = 1.0
    explored_share: float = 0.0
    truth_draws: int = 400
    duties: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes that no world can have."""
        if self.end.tzinfo is None:
            raise InvalidInput("end must carry a time zone, e.g. 2026-01-31T00:00:00+00:00", field="end")
        for name, least in (("years", 1), ("partners", 5), ("products", 1), ("programs", 1), ("truth_draws", 1)):
            if getattr(self, name) < least:
                raise InvalidInput(f"{name} must be at least {least}, not {getattr(self, name)}", field=name)
        for name in ("seed", "prospects", "leads", "deals", "activities", "assets", "offers"):
            if getattr(self, name) < 0:
                raise InvalidInput(f"{name} must not be negative", field=name)
        if not 0 <= self.explored_share <= 1:
            raise InvalidInput(f"explored_share must lie in 0..1, not {self.explored_share}", field="explored_share")

    @property
    def start(self) -> datetime:
        """First instant of the history."""
        return self.end.astimezone(UTC) - timedelta(days=self.days)

    @property
    def days(self) -> int:
        """Length of the history in days."""
        return 365 * self.years


@dataclass(frozen=True)
class WorldSummary:
    """What was written.

    Parameters
    ----------
    rows : dict of str to int
        Rows a resource.
    truth_rows : dict of str to int
        Rows a truth table.
    rates : dict of str to float
        Base rates and true means, e.g. ``accept_rate``, ``policy_p_win``, ``oracle_p_win``.
    """

    rows: dict[str, int]
    truth_rows: dict[str, int]
    rates: dict[str, float] = field(default_factory=dict)
