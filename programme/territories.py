"""Where an agreement holds: countries (``BR``), parts of them (``BR-SP``), or everywhere (``*``, or none named)."""

from collections.abc import Sequence

EVERYWHERE = "*"


def common_territories(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the territories that lie in both, the narrower of each pair; empty: none.

    Examples
    --------
    >>> common_territories(["BR", "AR"], ["BR-SP"]), common_territories([], ["DE"])
    (['BR-SP'], ['DE'])
    >>> common_territories(["BR-SP"], ["BR-RJ"])
    []
    """
    found = [_narrower(one, other) for one in first or [EVERYWHERE] for other in second or [EVERYWHERE]]
    return sorted({token for token in found if token is not None})


def _narrower(one: str, other: str) -> str | None:
    for wide, narrow in ((one, other), (other, one)):
        same = narrow.casefold() == wide.casefold()
        if wide == EVERYWHERE or same or narrow.casefold().startswith(f"{wide.casefold()}-"):
            return narrow
    return None


def territories_shown(tokens: Sequence[str]) -> str:
    """Return territories for people.

    Examples
    --------
    >>> territories_shown(["BR-SP", "AR"]), territories_shown([])
    ('BR-SP, AR', 'everywhere')
    """
    return "everywhere" if not tokens or EVERYWHERE in tokens else ", ".join(tokens)
