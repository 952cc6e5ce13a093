"""The programme's figures, each defined once."""
