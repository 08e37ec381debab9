"""Progress of the download from Leneda. It is stored, so that a restart repeats no requests."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.core import HomeAssistant

from ...const import CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT
from ...lib.leneda.series_codes import REGISTERS
from ...lib.stored_values import checked_flag, checked_mapping, checked_text, checked_time
from ..stored.throttled_store import Content, ThrottledStore


@dataclass
class CodeProgress:
    """Progress of the download of one OBIS code."""

    until: datetime
    """End of the last complete day."""
    since: datetime
    """Start of the oldest requested period."""
    is_back: bool = False
    """Whether all older quarter-hours were requested."""
    has_rows: bool = False


@dataclass
class Progress:
    """Progress of the download of all OBIS codes together."""

    asked_at: datetime | None = None
    """Time of the last request for all codes."""
    is_whole: bool = False
    """Whether the last request got the complete previous day of all codes."""
    revised_at: datetime | None = None
    """Time of the last repeated request for the quarter-hours of the last weeks."""
    sharing_revised_at: datetime | None = None


class LenedaProgress(ThrottledStore):
    """Stored progress of one entry's download.

    `refused` has the codes that the platform refuses, each with the time of the refusal.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str, account: Mapping[str, str]) -> None:
        super().__init__(hass, entry_id, "leneda", interval=0)
        self._points = _fingerprint(account)
        self.general = Progress()
        self.codes: dict[str, CodeProgress] = {}
        self.refused: dict[str, datetime] = {}

    async def async_load(self) -> None:
        """Load the stored progress. Ignore it if the metering points have changed."""
        await self._async_read(self._parse)

    def is_refused(self, code: str, now: datetime) -> bool:
        """Return whether the platform has refused a code in the last seven days.

        Such a code is not requested. If the stored time of the refusal is in the future, the
        computer's clock was ahead at the refusal. So return False in this case.
        """
        at = self.refused.get(code)
        return at is not None and at <= now < at + timedelta(days=7)

    def _parse(self, stored: Any) -> None:  # noqa: ANN401 - a file may hold anything
        data = checked_mapping(stored)
        if data["points"] != self._points:
            return
        codes = {
            code: CodeProgress(
                until=checked_time(record["until"]),
                since=checked_time(record["since"]),
                is_back=checked_flag(record["is_back"]),
                has_rows=checked_flag(record["has_rows"]),
            )
            for code, record in checked_mapping(data["codes"]).items()
            if code in REGISTERS
        }
        refused = {
            checked_text(code): checked_time(at)
            for code, at in checked_mapping(data["refused"]).items()
        }
        self.general = Progress(
            asked_at=_a_time(data["asked_at"]),
            is_whole=checked_flag(data["is_whole"]),
            revised_at=_a_time(data["revised_at"]),
            sharing_revised_at=_a_time(data["sharing_revised_at"]),
        )
        self.codes, self.refused = codes, refused

    @override
    def _content(self) -> Content:
        general = self.general
        return {
            "points": self._points,
            "asked_at": _text(general.asked_at),
            "is_whole": general.is_whole,
            "revised_at": _text(general.revised_at),
            "sharing_revised_at": _text(general.sharing_revised_at),
            "codes": {
                code: {
                    "until": _text(progress.until),
                    "since": _text(progress.since),
                    "is_back": progress.is_back,
                    "has_rows": progress.has_rows,
                }
                for code, progress in self.codes.items()
            },
            "refused": {code: _text(at) for code, at in self.refused.items()},
        }


def _fingerprint(account: Mapping[str, str]) -> str:
    """Return a digest of the account's metering points. Their names are private and not stored."""
    points = (account.get(name, "") for name in (CONF_CONSUMPTION_POINT, CONF_PRODUCTION_POINT))
    return hashlib.sha256("/".join(points).encode()).hexdigest()


def _a_time(value: object) -> datetime | None:
    return None if value is None else checked_time(value)


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
