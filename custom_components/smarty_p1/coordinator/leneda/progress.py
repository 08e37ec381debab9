"""Progress of the download from Leneda. It is stored, so that a restart repeats no requests."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import override

from homeassistant.core import HomeAssistant

from ...const import CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT
from ...lib.passed_pause import has_passed
from ..stored.throttled_store import ThrottledStore
from .client import Account


@dataclass(frozen=True)
class AskedSpan:
    """Period for which the quarter-hours of one OBIS code have been requested."""

    since: datetime
    until: datetime


@dataclass
class Progress:
    """Progress of the download of all OBIS codes together."""

    points: str
    """Digest of the account's metering points. Their names are private and not stored."""
    asked_at: datetime | None = None
    """Time of the last request for all codes."""
    revised_at: datetime | None = None
    """Time of the last repeated request for the quarter-hours of the last weeks."""
    sharing_revised_at: datetime | None = None
    codes: dict[str, AskedSpan] = field(default_factory=dict[str, AskedSpan])
    """Requested period of each OBIS code."""
    refused: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Codes that the platform refuses, each with the time of the refusal."""


class LenedaProgress(ThrottledStore):
    """Stored progress of one entry's download. It is of use once it is `loaded`."""

    _type = Progress

    def __init__(self, hass: HomeAssistant, entry_id: str, account: Account) -> None:
        super().__init__(hass, entry_id, "leneda", interval=0)
        self.state: Progress = Progress(_fingerprint(account))

    def is_refused(self, code: str, now: datetime) -> bool:
        """Return whether the platform has refused a code in the last seven days.

        Such a code is not requested.
        """
        return not has_passed(self.state.refused.get(code), now, timedelta(days=7))

    @override
    async def _async_join(self, parsed: Progress) -> None:
        if parsed.points == self.state.points:
            self.state = parsed


def _fingerprint(account: Account) -> str:
    """Return a digest of the account's metering points."""
    points = (account.get(name, "") for name in (CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT))
    return hashlib.sha256("/".join(points).encode()).hexdigest()
