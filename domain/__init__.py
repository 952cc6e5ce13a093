"""Ground floor: the terms of the field, errors, settings and context. Imports nothing of ours."""
