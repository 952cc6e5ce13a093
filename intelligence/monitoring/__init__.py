"""How the served models do: drift, realised outcomes, a candidate in shadow, whether training is due."""
