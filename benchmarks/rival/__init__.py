"""A second generated programme, of another story than the demo's: models are judged on both."""
