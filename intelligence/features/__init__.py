"""Each feature defined once; ``build`` is the only entrance, for training and serving alike."""
