"""Content as files and answers carry it."""

import json
from typing import Any


def through_json(content: object) -> Any:  # noqa: ANN401 - JSON
    """Return a copy that was written as JSON and read again."""
    return json.loads(json.dumps(content, allow_nan=False))
