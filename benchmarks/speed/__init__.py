"""How fast the service is: every figure a ratio to a peer or a floor that was measured in the same run."""
