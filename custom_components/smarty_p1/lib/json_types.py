"""Types of objects whose values may have any type: decoded JSON, options, typed forms."""

from collections.abc import Mapping
from typing import Any

type JsonDict = dict[str, Any]
type JsonMapping = Mapping[str, Any]
