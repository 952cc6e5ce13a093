"""Front door for machines and browsers."""
