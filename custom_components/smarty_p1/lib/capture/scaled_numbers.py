"""Substitutes for the numbers of an anonymous capture.

Secret factors scale powers and registers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import exp, log
from random import Random

from .substitutes import constant_for
from .telegram_parts import Part, PartKind

# The factors are below 1. So a scaled power has no more digits than the original power, and stays
# below the meter's limits.
_MIN_FACTOR, _MAX_FACTOR = 1 / 3, 0.9
_TARIFF = re.compile(r"(.*\.8\.)[1-9][0-9]*( .*)")


class Factor:
    """Secret factor for all numbers of one medium. A medium is electricity or an M-Bus channel."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._factor = exp(random.uniform(log(_MIN_FACTOR), log(_MAX_FACTOR)))

    def scale(self, number: int, *, is_exact: bool = False) -> int:
        """Return `number` times the factor, rounded to a whole number. 0 stays 0.

        If `is_exact` is False, a random number from -0.5 to 0.5 is added to `number` first. Without
        this random number, the gaps between scaled numbers would reveal the factor.
        """
        if not number:
            return 0
        blur = 0.0 if is_exact else self._random.uniform(-0.5, 0.5)
        return round(self._factor * (number + blur))


class ScaledRegisters:
    """Substitutes for the numbers of all registers in a capture.

    A register starts at a random number. The rises of energies and volumes are scaled by the secret
    factor of their medium.
    """

    def __init__(
        self, parts: Iterable[Part], factors: Mapping[str, Factor], random: Random
    ) -> None:
        """Choose the substitutes for all numbers in `parts`, which has all parts of a capture.

        `factors` has a factor for each medium.
        """
        self._factors = factors
        self._random = random
        # For each register: its original numbers in order of appearance, each with its substitute.
        self._substitutes: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._sizes: dict[str, int] = {}
        self._constants: dict[str, int] = {}
        self._counters: set[str] = set()
        for part in parts:
            self._add(part)
        tariffs = self._tariffs()
        # The register of the total must hold the sum of the tariffs' registers. So the substitutes
        # of a tariff's register use only a part of the number range. Then the sum stays within the
        # range.
        shares = {name: len(names) for names in tariffs.values() for name in names}
        for name, size in self._sizes.items():
            self._scale(name, is_exact=name in shares or name in tariffs)
            self._move(name, size // shares.get(name, 1))
        for name, names in tariffs.items():
            self._constants[name] = sum(self._constants[tariff] for tariff in names)

    def replace(self, part: Part) -> bytes:
        """Return the substitute for `part`, the digits of a register.

        The decimal point stays at its place.
        """
        moved = self._substitutes[part.name][digits_of(part.text)] + self._constants[part.name]
        return write_digits(moved % self._sizes[part.name], part.text)

    def _add(self, part: Part) -> None:
        if part.kind in {PartKind.TOTAL, PartKind.COUNTER}:
            self._substitutes[part.name].setdefault(digits_of(part.text), 0)
            self._sizes[part.name] = 10 ** len(part.text.replace(b".", b""))
        if part.kind is PartKind.COUNTER:
            self._counters.add(part.name)

    def _tariffs(self) -> dict[str, list[str]]:
        """Return the names of the tariff registers of each total, keyed by the name of the total.

        A total is left out if it is not the sum of its tariffs. The first number of each register
        in the capture is used for this check. For each tariff, a difference of 1 in the last digit
        is tolerated, because the registers are rounded.
        """
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._substitutes:
            if (match := _TARIFF.fullmatch(name)) and f"{match[1]}0{match[2]}" in self._substitutes:
                groups[f"{match[1]}0{match[2]}"].append(name)
        return {
            name: names
            for name, names in groups.items()
            if abs(self._first(name) - sum(map(self._first, names))) <= len(names)
        }

    def _first(self, name: str) -> int:
        return next(iter(self._substitutes[name]))

    def _scale(self, name: str, *, is_exact: bool) -> None:
        numbers, first, half = self._substitutes[name], self._first(name), self._sizes[name] // 2
        is_counter, factor = name in self._counters, self._factors[medium_of(name)]
        for number in numbers:
            # A register that exceeds its highest number begins again at 0. So compute the rise
            # modulo the register's size.
            rise = (number - first + half) % (2 * half) - half
            numbers[number] = first + (
                rise if is_counter else factor.scale(rise, is_exact=is_exact)
            )

    def _move(self, name: str, size: int) -> None:
        numbers = self._substitutes[name]
        # A register that always shows 0 is unused. Its 0 tells nothing about the household, so keep
        # the 0.
        is_unused = numbers.keys() == {0}
        self._constants[name] = (
            0 if is_unused else constant_for({*numbers, *numbers.values()}, size, self._random)
        )


def medium_of(name: str) -> str:
    """Return the medium of a register: "1" for electricity, or an M-Bus channel such as "0-1"."""
    return name[: 1 if name.startswith("1") else 3]


def digits_of(text: bytes) -> int:
    """Return the digits of a number as an integer. A decimal point is ignored."""
    return int(text.replace(b".", b""))


def write_digits(number: int, form: bytes) -> bytes:
    """Return `number` with as many digits as `form`, and the decimal point at the same place."""
    whole, point, decimals = form.partition(b".")
    digits = b"%0*d" % (len(whole) + len(decimals), number)
    return digits[: len(whole)] + point + digits[len(whole) :]
