"""Places at a server: admitted and closed connections."""

import random
from collections import Counter

import pytest

from dev.testing.random_examples import examples
from smartyp1.client_admission import Admission, network_of

NAMED = {"192.168.1.9", "fd00:9::9"}
PLACES, OF_ONE = 16, 6
LATER = 60.0


class Door:
    """A server with places. Connections are numbers, and have asked unless they are silent."""

    def __init__(self, places: int = PLACES, of_one: int = OF_ONE) -> None:
        self.admission = Admission[int](places, of_one, self.close, NAMED.__contains__)
        self.open: dict[int, str] = {}
        self.closed: list[int] = []
        self.count = 0
        self.now = 0.0

    def close(self, connection: int) -> None:
        self.closed.append(connection)
        del self.open[connection]

    def come(self, address: str, *, is_silent: bool = False) -> int | None:
        """Connect from an address; the earlier of its connections stay. Return None if refused."""
        self.count += 1
        self.now += 0.001
        if not self.admission.admit(self.count, address, -self.count, self.now):
            return None
        self.open[self.count] = address
        if not is_silent:
            self.admission.note_request(self.count, -self.count)
        return self.count

    def go(self, connection: int) -> None:
        del self.open[connection]
        self.admission.leave(connection)

    def fill(self, *addresses: str) -> list[int]:
        """Connect in turn, without a refusal."""
        came = [self.come(address) for address in addresses]
        assert None not in came
        return [connection for connection in came if connection]

    def by_address(self) -> Counter[str]:
        return Counter(self.open.values())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("fd00:1:2:3:4:5:6:7", "fd00:1:2:3::/64"),
        ("fe80::1", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_host_has_a_64_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_clients_that_asked_last_stay() -> None:
    door = Door(4, 4)
    first, second, *_ = door.fill(*["10.0.0.1"] * 4)
    for n, connection in enumerate([second, 4, 3, first]):
        door.admission.note_request(connection, n)
    assert door.come("10.0.0.2")
    assert door.come("10.0.0.2")
    assert door.closed == [second, 4]


def test_an_address_has_no_more_than_its_own() -> None:
    door = Door(16, 6)
    door.fill(*["10.0.0.1"] * 6)
    assert door.come("10.0.0.1") is None
    # The address takes no place of a larger network.
    door = Door(32, 6)
    door.fill(*[f"fd00::{n:x}" for n in range(20)], *["10.0.0.1"] * 6)
    assert door.come("10.0.0.1") is None
    # A connection of its own that has never asked makes room.
    door.go(26)
    silent = door.come("10.0.0.1", is_silent=True)
    assert door.come("10.0.0.1") is None
    door.now += LATER
    assert door.come("10.0.0.1")
    assert door.closed == [silent]


def test_within_a_64_only_an_address_with_many_makes_room() -> None:
    door = Door(16, 6)
    door.fill(*["fd00::1"] * 6, *["fd00::2"] * 6, *["fd00::3"] * 4)
    # Devices have up to four.
    assert [bool(door.come(f"fd00::{n}")) for n in range(5, 10)] == [True] * 4 + [False]
    assert door.by_address()["fd00::1"] == door.by_address()["fd00::2"] == 4
    assert door.by_address()["fd00::3"] == 4


def test_a_silent_connection_makes_room_first_but_not_at_once() -> None:
    door = Door(8, 6)
    [asked] = door.fill("10.0.0.1")
    for n in range(7):
        assert door.come(f"10.0.1.{n}", is_silent=True)
    assert door.come("10.0.0.2") is None
    door.now += LATER
    for n in range(7):
        assert door.come(f"10.0.2.{n}")
    assert door.come("10.0.0.2") is None
    assert asked in door.open
    assert len(door.closed) == 7


def test_four_silent_websockets_of_an_address_and_the_fifth_waits() -> None:
    door = Door()

    def listen(address: str) -> float:
        [connection] = door.fill(address)
        return door.admission.listen(connection, door.now)

    waits = [listen("10.0.0.1") for _ in range(6)]
    assert waits[:4] == [0.0] * 4
    assert all(0 < wait <= 0.5 for wait in waits[4:])
    assert listen("10.0.0.2") == 0
    # The fifth connection listens when one has asked; the sixth when the oldest had its time.
    door.admission.note_request(3, 0)
    assert door.admission.listen(5, door.now) == 0
    assert door.admission.listen(6, door.now) > 0
    assert door.closed == []
    door.now += 0.5
    assert door.admission.listen(6, door.now) == 0
    assert door.closed == [1]
    # A named battery has no such limit.
    assert [listen("192.168.1.9") for _ in range(6)] == [0.0] * 6
    # A connection that asked may listen for ever, but no other.
    assert door.admission.idle(-LATER) == []
    assert set(door.admission.idle(LATER)) == set(door.open) - {3}
    # A connection without a place is not let in again.
    assert door.admission.listen(1, door.now) == 0
    assert len(door.admission) == len(door.open)


def test_a_named_battery_closes_only_its_own() -> None:
    door = Door(8, 4)
    others = door.fill(*[f"10.0.0.{n}" for n in range(8)])
    own = [door.fill("fd00:9::9")[0] for _ in range(6)]
    assert door.closed == own[3:5]
    # Neighbours in its network are others.
    assert door.come("fd00:9::8") is None
    assert set(others) < set(door.open)


ADDRESSES = [
    *(f"10.0.0.{n}" for n in range(1, 13)),
    *(f"fd00::{n}" for n in range(1, 13)),
    *(f"fd00:0:0:1::{n}" for n in range(1, 5)),
    *NAMED,
]


@pytest.mark.parametrize("seed", range(examples(40)))
def test_random_floods(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - repeatable
    door = Door()
    # An honest client is in, and asks.
    honest = draw.choice(["192.168.1.50", "fd00:0:0:2::50"])
    [stays] = door.fill(honest)
    crowd = draw.sample(ADDRESSES, draw.randint(2, len(ADDRESSES)))
    for _ in range(400):
        door.now += draw.choice([0.0, 0.0, 0.2, 1.0])
        connections = [connection for connection in door.open if connection != stays]
        action = draw.random()
        if connections and action < 0.15:
            door.go(draw.choice(connections))
        elif connections and action < 0.3:
            door.admission.note_request(draw.choice(connections), draw.random())
        elif connections and action < 0.4:
            door.admission.listen(draw.choice(connections), door.now)
        else:
            before, address = door.by_address(), draw.choice(crowd)
            came = door.come(address, is_silent=draw.random() < 0.3)
            assert came or address not in NAMED, seed
            lost = before + Counter({address: bool(came)}) - door.by_address()
            # At most one connection makes room, and none does for a refused one.
            assert lost.total() <= bool(came), seed
            if address in NAMED:
                assert not lost or set(lost) == {address}, seed
            else:
                assert not lost or not NAMED & set(lost), seed
                is_free = sum(before[other] for other in before if other not in NAMED) < PLACES
                assert came or not is_free or before[address] == OF_ONE, seed
        by_address = door.by_address()
        assert stays in door.open, seed
        assert len(door.admission) == len(door.open), seed
        assert set(door.admission.connections()) == set(door.open), seed
        assert max(by_address.values()) <= OF_ONE, seed
        assert sum(n for each, n in by_address.items() if each not in NAMED) <= PLACES, seed
    # A later client gets in, unless all have as little.
    networks = Counter(network_of(each) for each in door.open.values() if each not in NAMED)
    if networks.total() == PLACES and max(networks.values()) > 1:
        assert door.come("10.9.9.9"), seed
        assert stays in door.open, seed
