"""How many customers a partner may have checked: enough to register deals, too few to fish for those of others."""

from collections.abc import Callable
from datetime import timedelta

from domain.context import SYSTEM, Actor
from domain.errors import TooManyRequests
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork

_WINDOW = timedelta(hours=1)
_KIND = "checks"


def count_check(open_work: Callable[..., UnitOfWork], settings: Settings, actor: Actor) -> None:
    """Count a check that a partner asks for, whoever of its people asks and by page or API; staff is not counted.

    In a transaction of its own, before that of the check: what is refused is counted all the same.

    Raises
    ------
    TooManyRequests
        If there were too many within the hour; ``retry_after`` in its details says when to go on.
    """
    if actor.role is not Role.PARTNER or actor.partner_id is None:
        return
    with open_work(SYSTEM) as work:
        most = settings.registration_checks_per_hour
        wait = work.sign_in_tries.count(_KIND, str(actor.partner_id), most, _WINDOW)
    if wait:
        raise TooManyRequests(
            f"your company has had {most} customers checked within an hour; go on in {wait} seconds. A deal can be "
            "registered without a check: it is made then.",
            retry_after=wait,
        )
