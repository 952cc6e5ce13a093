"""Public data and peers, one runnable file each."""
