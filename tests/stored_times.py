"""Comparison of stored contents whose times may be in different time zones."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def with_times_in_utc(content: Mapping[str, Any]) -> str:
    """Return stored content as text. Its times are in UTC: a restart may change their zone."""
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return re.sub(r"20[0-9]{2}-[0-9-]{5}T[0-9:.]+[+-][0-9:]{5}", _in_utc, text)


def _in_utc(time: re.Match[str]) -> str:
    return datetime.fromisoformat(time[0]).astimezone(UTC).isoformat()
