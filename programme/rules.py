"""Which rule stands over which resource."""

from collections.abc import Mapping

from programme.rule import Rule

RULES: Mapping[str, Rule] = {}
"""Rules by resource; a resource that is not named has none."""
