"""``python -m api.openapi FILE``: write the OpenAPI document of the application."""

import json
import sys
from pathlib import Path

from api.app import create_app
from domain.settings import Settings


def main() -> None:
    """Write the document to the file named on the command line."""
    document = create_app(Settings()).openapi()
    Path(sys.argv[1]).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
