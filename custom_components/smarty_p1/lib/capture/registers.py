"""The numbers of an anonymous capture: powers and registers, scaled by a secret factor."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import exp, log
from random import Random

from .substitutes import constant_for
from .telegram_parts import Kind, Part

# Below 1, a power keeps its width and stays below the limits, which are not scaled.
_MIN_FACTOR, _MAX_FACTOR = 1 / 3, 0.9
_TARIFF = re.compile(r"(.*\.8\.)[1-9][0-9]*( .*)")


class Factor:
    """A secret factor."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._factor = exp(random.uniform(log(_MIN_FACTOR), log(_MAX_FACTOR)))

    def scale(self, number: int, *, is_exact: bool = False) -> int:
        """Return a whole number times the factor, rounded; 0 stays 0.

        Unless it `is_exact`, the number is blurred by up to half a digit before: the gaps between
        scaled whole numbers would tell the factor.
        """
        if not number:
            return 0
        blur = 0.0 if is_exact else self._random.uniform(-0.5, 0.5)
        return round(self._factor * (number + blur))


class Registers:
    """The new numbers of all registers: a random start each, and scaled rises."""

    def __init__(
        self, parts: Iterable[Part], factors: Mapping[str, Factor], random: Random
    ) -> None:
        """Choose the numbers by all parts of a capture; `factors` has one for each medium."""
        self._factors = factors
        self._random = random
        # True numbers to new ones, in the order in which they came.
        self._known: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._sizes: dict[str, int] = {}
        self._constants: dict[str, int] = {}
        self._counters: set[str] = set()
        for part in parts:
            self._add(part)
        tariffs = self._tariffs()
        # Tariffs have a share of the room, so that their sum has room, too.
        shares = {name: len(some) for some in tariffs.values() for name in some}
        for name, size in self._sizes.items():
            self._scale(name, is_exact=name in shares or name in tariffs)
            self._move(name, size // shares.get(name, 1))
        for name, some in tariffs.items():
            self._constants[name] = sum(self._constants[one] for one in some)

    def replace(self, part: Part) -> bytes:
        """Return the new digits of a register, in the form of the old ones."""
        moved = self._known[part.name][digits_of(part.text)] + self._constants[part.name]
        return write_digits(moved % self._sizes[part.name], part.text)

    def _add(self, part: Part) -> None:
        if part.kind in {Kind.TOTAL, Kind.COUNTER}:
            self._known[part.name].setdefault(digits_of(part.text), 0)
            self._sizes[part.name] = 10 ** len(part.text.replace(b".", b""))
        if part.kind is Kind.COUNTER:
            self._counters.add(part.name)

    def _tariffs(self) -> dict[str, list[str]]:
        """Return the registers that are sums of tariffs, each with the names of its tariffs."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._known:
            if (match := _TARIFF.fullmatch(name)) and f"{match[1]}0{match[2]}" in self._known:
                found[f"{match[1]}0{match[2]}"].append(name)
        return {
            name: some
            for name, some in found.items()
            if abs(self._first(name) - sum(map(self._first, some))) <= len(some)
        }

    def _first(self, name: str) -> int:
        return next(iter(self._known[name]))

    def _scale(self, name: str, *, is_exact: bool) -> None:
        known, first, half = self._known[name], self._first(name), self._sizes[name] // 2
        is_counter, factor = name in self._counters, self._factors[medium_of(name)]
        for number in known:
            # A register that passes its last number continues at 0.
            rise = (number - first + half) % (2 * half) - half
            known[number] = first + (rise if is_counter else factor.scale(rise, is_exact=is_exact))

    def _move(self, name: str, size: int) -> None:
        known = self._known[name]
        # A register that never counted says nothing about a household, and something about a meter.
        is_unused = known.keys() == {0}
        self._constants[name] = (
            0 if is_unused else constant_for({*known, *known.values()}, size, self._random)
        )


def medium_of(name: str) -> str:
    """Return the medium of a register: electricity or an M-Bus channel."""
    return name[: 1 if name.startswith("1") else 3]


def digits_of(text: bytes) -> int:
    """Return a number without its point."""
    return int(text.replace(b".", b""))


def write_digits(number: int, form: bytes) -> bytes:
    """Return a number with as many digits as another one, and the point where that has it."""
    whole, point, decimals = form.partition(b".")
    digits = b"%0*d" % (len(whole) + len(decimals), number)
    return digits[: len(whole)] + point + digits[len(whole) :]
