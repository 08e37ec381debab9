"""The name that a meter may write to, at any collector."""

import json
from collections.abc import Awaitable, Callable

import pytest

from dev.checkout import ROOT
from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.meter_names import label_of, name_key
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smarty_p1_gateway import Keys
from tests.fleet.made_up import Bucket, Fleet as Worker, message

NEIGHBOUR = b"SAGgp\x04\x10\x2f"
THIRD = b"SAGgp\x04\x10\x30"


@pytest.mark.parametrize("label", ["SAG1030790002574", "Zähler 1/2", "="])
def test_a_name_is_read_back_from_its_key(label: str) -> None:
    assert label_of(name_key(label)) == label
    assert label_of("name.=c3") == ""


class Fleet:
    """Collectors, one after the other, that know only the content of the bucket."""

    def __init__(self, worker: Worker) -> None:
        self.bucket = worker.bucket
        self.refused = 0
        self._worker = worker
        self._verifier = worker.verifier
        self._sent = 0

    def begin(self, *titles: bytes) -> None:
        """Begin another collector, with keys of meters."""
        self._verifier = self._worker.new_verifier(Keys(dict.fromkeys(titles, KEY), None))
        self.refused = 0

    def use(self, *titles: bytes) -> None:
        self._verifier.use(Keys(dict.fromkeys(titles, KEY), None))

    async def send(self, title: bytes, *names: str | None) -> list[str]:
        """Send a telegram for each name; return the meters whose series get values."""
        found = []
        for name in names:
            self._sent += 1
            time = f"0-0:1.0.0(17071404{self._sent // 60:02}{self._sent % 60:02}S)"
            text = telegram(time, "1-0:1.8.0(000001.000*kWh)", name=name)
            data = frame(self._sent, text, title=title)
            subject = f"smarty_p1.sealed.{title.hex().upper()}"
            verdict = await self._verifier.verify(message(data, subject=subject))
            self.refused += verdict.outcome == "other_meter"
            if verdict.telegram:
                sample = make_sample(verdict.telegram)
                found.append(sample.text.split(" ")[0].partition("meter=")[2])
        return found


@pytest.fixture
def meters(fleet: Worker) -> Fleet:
    return Fleet(fleet)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if "names" in text]


async def test_a_meter_keeps_its_first_name(
    meters: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    meters.begin(TITLE)
    found = await meters.send(TITLE, "M1", "M2", None, "M1", "M3", "M2")
    assert found == ["M1", "534147677004102E", "M1"]
    assert meters.refused == 3
    assert told(caplog) == [
        "A telegram of the meter 534147677004102E names M2, which is not its name: it is refused"
    ]
    meters.begin(TITLE)
    assert await meters.send(TITLE, "M2", "M1") == ["M1"]
    assert meters.refused == 1


async def test_the_name_of_another_meter(meters: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "M1") == ["M1"]
    # The first name was another meter's.
    assert await meters.send(NEIGHBOUR, "M1", "M2", "M1") == ["M2"]
    assert meters.refused == 2
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(NEIGHBOUR, "M1") == []
    assert await meters.send(TITLE, "M1") == ["M1"]
    assert len(told(caplog)) == 1


async def test_a_meter_without_a_name_is_called_by_its_title(meters: Fleet) -> None:
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, None) == ["534147677004102E"]
    assert await meters.send(NEIGHBOUR, "534147677004102E", None) == ["534147677004102F"]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Zähler 1,2=", "Zähler 1,2="),
        ("M\n1", "4d0a31"),
        ("1" * 64, "1" * 65),
    ],
    ids=["signs", "signs that cannot be seen", "too long"],
)
async def test_names_that_would_be_the_same_series(meters: Fleet, name: str, same: str) -> None:
    meters.begin(TITLE, NEIGHBOUR, THIRD)
    found = [
        *await meters.send(TITLE, name),
        *await meters.send(NEIGHBOUR, same),
        *await meters.send(THIRD, name[:-1]),
    ]
    assert len(found) == 2
    assert meters.refused == 1


async def test_only_an_exchange_frees_a_name(meters: Fleet) -> None:
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "ONE") == ["ONE"]
    assert await meters.send(NEIGHBOUR, "ONE") == []
    # The key of the first meter goes. A collector that has not read its keys yet still stores it.
    meters.use(NEIGHBOUR)
    assert await meters.send(NEIGHBOUR, "ONE") == []
    meters.use(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "ONE") == ["ONE"]


async def test_late_frames_of_the_former_name_leave_the_next_one_free(meters: Fleet) -> None:
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "ONE") == ["ONE"]
    # The operator gives the meter its next name, and frames of the former one come afterwards.
    meters.bucket.put("meter.534147677004102E", b"")
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "ONE", "TWO", "ONE", "THREE") == ["ONE", "TWO", "ONE"]
    assert await meters.send(NEIGHBOUR, "ONE", "TWO", "THREE") == ["THREE"]


async def test_entries_are_read_again_only_after_a_change(meters: Fleet) -> None:
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, *["M1"] * 5) == ["M1"] * 5
    for number in range(50):
        meters.bucket.put(f"name.N{number}", b"534147677004102E")
    before = meters.bucket.looked_up.copy()
    assert await meters.send(TITLE, *["M1"] * 50) == ["M1"] * 50
    assert meters.bucket.looked_up == before


@pytest.mark.parametrize("junk", [b"", b"\xff\0junk", b"534147677004102", b"5" * 9999], ids=len)
async def test_an_unreadable_entry_has_no_owner(meters: Fleet, junk: bytes) -> None:
    meters.bucket.put("name.M1", junk)
    meters.begin(TITLE)
    assert await meters.send(TITLE, "M1") == ["M1"]
    assert meters.bucket.entries["name.M1"].value == b"534147677004102E"


@pytest.mark.parametrize("key", ["name.M1", "meter.534147677004102E"])
async def test_another_collector_is_faster(
    meters: Fleet, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Another collector makes an entry between the question and the answer."""
    create: Callable[[Bucket, str, bytes], Awaitable[int]] = Bucket.create

    async def create_late(bucket: Bucket, created: str, value: bytes) -> int:
        if created == key and key not in bucket.entries:
            bucket.put(key, b"534147677004102F" if key == "name.M1" else b"M1")
        return await create(bucket, created, value)

    monkeypatch.setattr(Bucket, "create", create_late)
    meters.begin(TITLE, NEIGHBOUR)
    assert await meters.send(TITLE, "M1") == ([] if key == "name.M1" else ["M1"])


STORED = json.loads((ROOT / "tests" / "stored" / "0.1.0.json").read_text("utf-8"))


async def test_a_bucket_of_0_1_0_is_read(meters: Fleet) -> None:
    for key, value in STORED["bucket"].items():
        meters.bucket.put(key, value.encode())
    meters.begin(TITLE)
    assert await meters.send(TITLE, "SAG1030790002575", "SAG1030790002574") == ["SAG1030790002574"]
    assert meters.refused == 1
