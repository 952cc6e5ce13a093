"""``python -m cli`` is the command ``allywise``."""

from cli.main import main

main()
