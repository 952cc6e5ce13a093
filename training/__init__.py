"""Labels, data sets, splits, fit, evaluation, gates, promotion."""
