"""Which rules stand over which resource."""

from collections.abc import Mapping

from programme.rule import Rule

RULES: Mapping[str, tuple[Rule, ...]] = {}
"""Rules by resource, each asked in turn; a resource that is not named has none."""
