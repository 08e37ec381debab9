"""Reader of the samples that VictoriaMetrics has stored for meters."""

import json
from collections.abc import Iterator

import aiohttp

from smartyp1.json_types import JsonDict

from .comparison import Sample
from .sent_telegrams import Series

_PREFIX = "smarty_p1_"


class Export:
    """Reader of stored samples. Its methods raise the errors of aiohttp."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def meters(self) -> set[str]:
        """Return the serial numbers of all meters that have stored samples."""
        answer = await self._get("/api/v1/label/meter/values", start="0")
        return set(json.loads(answer)["data"])

    async def samples(self, serial_number: str) -> list[Sample]:
        """Return all samples of the meter with this serial number."""
        names = f'__name__=~"{_PREFIX}.*",__name__!~"{_PREFIX}(last_seen|frame_counter)"'
        selector = f'{{{names},meter="{serial_number}"}}'
        answer = await self._get("/api/v1/export", **{"match[]": selector, "start": "0"})
        return [sample for line in answer.splitlines() for sample in _samples(json.loads(line))]

    async def telegrams(self, since: float) -> set[tuple[str, int]]:
        """Return the serial number and the time of each stored telegram, for all meters.

        The time is in Unix milliseconds. A telegram counts as stored if its imported energy is
        stored. Telegrams from before `since` (Unix seconds) are left out.
        """
        selector = f"{_PREFIX}active_energy_imported"
        answer = await self._get("/api/v1/export", **{"match[]": selector, "start": f"{since:.0f}"})
        rows = map(json.loads, answer.splitlines())
        return {(row["metric"]["meter"], time) for row in rows for time in row["timestamps"]}

    async def _get(self, path: str, **query: str) -> str:
        async with self._session.get(self._url + path, params=query) as answer:
            answer.raise_for_status()
            return await answer.text()


def _samples(row: JsonDict) -> Iterator[Sample]:
    labels = row["metric"]
    series = Series(
        labels["__name__"].removeprefix(_PREFIX),
        labels.get("channel", ""),
        labels.get("type", ""),
        labels.get("device", ""),
    )
    for time, value in zip(row["timestamps"], row["values"], strict=True):
        yield Sample(series, int(time), float(value))
