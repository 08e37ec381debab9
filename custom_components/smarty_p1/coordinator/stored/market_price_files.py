"""Files with the market prices of a meter's price sources: a folder a source, a file a month.

A line is the price of a quarter-hour (`lib/prices/market_price_series.py`). It is appended when the
quarter-hour has ended, or when an older price becomes known. Besides, one small file has the prices
of the running quarter-hours, so that these survive a restart.
"""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...lib.connection_outage import Outage
from ...lib.history.month_file_lines import month_name
from ...lib.json_types import JsonDict
from ...lib.prices.market_price_series import HEADER, PriceSeries, QuarterPrice
from ...lib.prices.running_price import RunningPrice
from ...lib.stored_values import Stored, checked_mapping, checked_text
from ..garbage_collection import without_collection
from .month_files import (
    MAX_FILE_SIZE,
    MAX_FILES,
    MonthFileWriter,
    content_of,
    files_in,
    replace_file,
)
from .throttled_store import ThrottledStore, UnreadableNowError

SAVE_INTERVAL_S = 300.0
MAX_SOURCES = 60
"""Maximum number of sources of a meter: its price entities, and those of old contracts."""
_MAX_NAMES = 2 * MAX_SOURCES
# Maximum number of prices of a meter that wait while the disk is full: those of two sources in 25
# months.
_MAX_PENDING = 160_000
_SCRAP_BYTES = 3_000
_SOURCE = re.compile(r"[a-z0-9_.-]{1,200}")
_LOST = "Market prices cannot be stored in %s: %s"
_BACK = "Market prices are stored in %s again"


class PriceFiles(ThrottledStore):
    """Market prices of one meter by source, in memory and in files."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, entry_id, "prices", interval=SAVE_INTERVAL_S)
        self.folder = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.market_prices"))
        self.series: dict[str, PriceSeries] = {}
        self.running: dict[str, RunningPrice] = {}
        self.names: dict[str, str] = {}
        """Source of each price entity, by its registry id and by its entity id."""
        self._writer = MonthFileWriter(
            hass,
            HEADER,
            _shorten,
            self._remove_old,
            Outage(_LOST, _BACK, self.folder),
            _MAX_PENDING,
        )

    @override
    async def async_load(self) -> None:
        """Load all prices. Raises UnreadableNowError if a file cannot be read now."""
        await self._async_read(self._take)
        self.series = await self._hass.async_add_executor_job(self._read_series)
        self.loaded.set()

    @callback
    def series_of(self, source: str) -> PriceSeries:
        """Return the prices of a source, such as an entity's id."""
        return self.series.setdefault(source, PriceSeries())

    @callback
    def add_prices(self, source: str, prices: Iterable[QuarterPrice]) -> None:
        """Add prices of a source, and write those that are new."""
        series = self.series_of(source)
        new = [price for price in prices if series.add_price(price)]
        if new and self._may_write:
            folder = self.folder / source
            self._writer.append(
                (folder / f"{month_name(price.start)}.csv", price.line) for price in new
            )

    @override
    async def async_write_waiting(self) -> None:
        await super().async_write_waiting()
        await self._writer.async_write()

    @override
    async def async_close(self) -> None:
        await super().async_close()
        await self._writer.async_write()

    @override
    async def async_remove(self) -> None:
        """Remove all files of the prices."""
        await super().async_remove()
        await self._hass.async_add_executor_job(
            lambda: shutil.rmtree(self.folder, ignore_errors=True)
        )

    def _remove_old(self, new: Path) -> None:
        """Remove the oldest files of too many, but first files with less than a day of prices.

        A wrong clock has created the latter.
        """
        paths = [path for path in files_in(new.parent) if path != new]
        paths.sort(key=lambda path: (path.stat().st_size >= _SCRAP_BYTES, path.name))
        for path in paths[: max(0, len(paths) + 1 - MAX_FILES)]:
            path.unlink()

    @without_collection
    def _read_series(self) -> dict[str, PriceSeries]:
        path = self.folder
        try:
            series = {}
            for path in self._sources():
                files = {file.stem: content_of(file) for file in files_in(path)}
                series[path.name] = PriceSeries.of_files(files)
        except OSError as err:
            raise UnreadableNowError(path) from err
        return series

    def _sources(self) -> list[Path]:
        with suppress(FileNotFoundError):
            paths = sorted(self.folder.iterdir())
            sources = [path for path in paths if _SOURCE.fullmatch(path.name) and path.is_dir()]
            return sources[:MAX_SOURCES]
        return []

    @override
    def _content(self) -> JsonDict:
        now = dt_util.utcnow()
        running = {source: price.as_dict(now) for source, price in self.running.items()}
        names = dict([*self.names.items()][-_MAX_NAMES:])
        return {"running": running, "names": names}

    def _take(self, stored: Stored) -> None:
        content = checked_mapping(stored)
        self.running = {
            source: RunningPrice.from_dict(price)
            for source, price in checked_mapping(content["running"], MAX_SOURCES).items()
        }
        names = checked_mapping(content["names"], _MAX_NAMES)
        self.names = {name: checked_text(source) for name, source in names.items()}


def _shorten(path: Path) -> None:
    """Write a file anew that repeated or damaged lines have made large."""
    if path.stat().st_size > MAX_FILE_SIZE:
        months = PriceSeries.of_files({path.stem: content_of(path)}).months.values()
        replace_file(path, "".join([HEADER, *(month.lines for month in months)]).encode())
