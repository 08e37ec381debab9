"""Admission of clients to the limited places of a server. No I/O, no clock.

    admission = Admission(max_places=32, max_of_one=8, close=abort)
    if admission.admit(connection, "192.168.1.20", rank=0, now=time.monotonic()):
        admission.note_request(connection, rank=1)
    admission.leave(connection)

An address is an IP address in the form of `plain_address`.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from operator import itemgetter

MAX_SILENT_LISTENERS = 4
"""Maximum number of WebSockets of one address that have not sent a request yet."""
SILENT_GRACE_S = 0.5
"""Seconds for the first request. Until then, a silent connection need not make room."""
# Maximum number of connections that one device needs. Devices of one /64 network close each other's
# connections only above this number.
_MAX_OF_DEVICE = 4
_HOST_BITS = 64
_MAX_ADDRESS_CHARS = 64


def plain_address(text: str) -> str | None:
    """Return the IP address in `text` in its standard notation.

    Return None if `text` is not an IP address.

    The network interface behind a % is dropped. An IPv4 address within IPv6 becomes plain IPv4.
    """
    try:
        address = ip_address(text[:_MAX_ADDRESS_CHARS].strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def network_of(address: str) -> str:
    """Return the /64 network of an IPv6 address. Return an IPv4 address unchanged.

    A single device can use all addresses of a /64 network. `address` is a `plain_address`.
    """
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    return f"{IPv6Address(int(parsed) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"


@dataclass(slots=True)
class _Place:
    """Place of a connection.

    `network` is None if the address is named. `silent_since` is the time since which the first
    request is missing, and None after that request.
    """

    address: str
    network: str | None
    rank: float
    silent_since: float | None
    is_listening: bool = False


@dataclass
class Admission[Connection: Hashable]:
    """Places of a server: they decide which connection gets a place, and which one gives it up.

    All addresses share `max_places`, and one address has at most `max_of_one`. A named address
    (`is_named`) has `max_of_one` places of its own: it is never refused, and its connections are
    never closed for another address.

    If all shared places are taken, a newcomer gets the place of a silent connection. If no
    connection is silent, it gets a place of the network with the most connections, provided that
    the newcomer's network still has fewer afterwards. A network is an IPv4 address or a /64 of
    IPv6. Within this network, the address with the most connections gives up its connection with
    the lowest rank. Otherwise, a newcomer can only get a place of an address of its own network
    that has more than _MAX_OF_DEVICE connections. If there is none, the newcomer is refused.

    A silent connection need not make room during its first SILENT_GRACE_S. An address that already
    has `max_of_one` connections gets no place of another address.

    `close` must close a connection that gives up its place. The connection has already left then.

    Times (`now`) are in seconds of any monotonic clock.
    """

    max_places: int
    max_of_one: int
    close: Callable[[Connection], None]
    is_named: Callable[[str], bool] = lambda _address: False
    _places: dict[Connection, _Place] = field(default_factory=dict, init=False)

    def __len__(self) -> int:
        """Return the number of connections with a place."""
        return len(self._places)

    def connections(self) -> list[Connection]:
        """Return the connections with a place."""
        return list(self._places)

    def idle(self, rank: float) -> list[Connection]:
        """Return the connections with a rank below `rank`.

        WebSockets that have sent a request are not returned: they may listen for ever.
        """
        return self._those(
            lambda place: (
                place.rank < rank and not (place.is_listening and place.silent_since is None)
            )
        )

    def admit(self, connection: Connection, address: str, rank: float, now: float) -> bool:
        """Give a new connection a place. Return False if it is refused.

        The connection is silent until `note_request`.
        """
        network = None if self.is_named(address) else network_of(address)
        addresses, networks = self._counts()
        is_full = network is not None and networks.total() >= self.max_places
        if is_full or addresses[address] >= self.max_of_one:
            candidates = self._able_to_leave(address, network, now)
            if not candidates:
                return False

            def weight(candidate: Connection) -> tuple[int, int, float]:
                place = self._places[candidate]
                return networks[place.network], addresses[place.address], -place.rank

            self._give_up(max(candidates, key=weight))
        self._places[connection] = _Place(address, network, rank, now)
        return True

    def note_request(self, connection: Connection, rank: float | None = None) -> None:
        """Set the rank of a connection that sent a request. The connection is no longer silent.

        Without a rank, it keeps its rank.
        """
        if place := self._places.get(connection):
            place.rank = place.rank if rank is None else rank
            place.silent_since = None

    def listen(self, connection: Connection, now: float) -> float:
        """Let a connection become a WebSocket, which is silent until its next request.

        Return 0 if this is done. Otherwise, return the seconds after which the caller may try
        again: the address has MAX_SILENT_LISTENERS silent WebSockets, and none of them has had
        enough time for its first request. Afterwards, the oldest of them gives up its place. Named
        addresses have no such limit.
        """
        place = self._places.get(connection)
        if place is None:
            return 0.0
        silent = [
            (other.silent_since, other.rank, key)
            for key, other in self._places.items()
            if other.is_listening
            and other.silent_since is not None
            and other.address == place.address
        ]
        if place.network is not None and len(silent) >= MAX_SILENT_LISTENERS:
            since, _, oldest = min(silent, key=itemgetter(0, 1))
            if (wait := since + SILENT_GRACE_S - now) > 0:
                return wait
            self._give_up(oldest)
        place.is_listening = True
        place.silent_since = now
        return 0.0

    def leave(self, connection: Connection) -> None:
        """Free the place of a connection. Do nothing if it has none."""
        self._places.pop(connection, None)

    def _give_up(self, connection: Connection) -> None:
        self.leave(connection)
        self.close(connection)

    def _counts(self) -> tuple[Counter[str], Counter[str | None]]:
        """Return the numbers of connections by address, and by network."""
        places = self._places.values()
        # Named addresses are in no network.
        networks = (place.network for place in places if place.network)
        return Counter(place.address for place in places), Counter(networks)

    def _able_to_leave(self, address: str, network: str | None, now: float) -> list[Connection]:
        """Return the connections of which one can make room for a newcomer."""
        if network is None:
            return self._those(lambda place: place.address == address)
        addresses, networks = self._counts()
        is_of_one = addresses[address] >= self.max_of_one
        silent = self._those(
            lambda place: (
                place.network is not None
                and place.silent_since is not None
                and place.silent_since + SILENT_GRACE_S <= now
                and (place.address == address or not is_of_one)
            )
        )
        if silent or is_of_one:
            return silent
        if max(networks.values()) > networks[network] + 1:
            return self._those(lambda place: place.network is not None)
        few = max(_MAX_OF_DEVICE, addresses[address] + 1)
        return self._those(
            lambda place: place.network == network and addresses[place.address] > few
        )

    def _those(self, is_able: Callable[[_Place], bool]) -> list[Connection]:
        return [connection for connection, place in self._places.items() if is_able(place)]
