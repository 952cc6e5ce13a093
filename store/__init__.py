"""The partner/deal store: the only place that knows SQL."""
