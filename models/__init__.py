"""What a fitted thing is: estimators, calibration, embedder, vector index, artefacts, registry."""
