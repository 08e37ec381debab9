"""Parser of amounts that a person copies from paper, such as `0,1450 €/kWh` or `1 234,56`."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from math import prod

MAX_CHARS = 64
"""Maximum length of a typed amount in characters."""
_MAX_SHOWN_CHARS = 40
_GROUP_DIGITS = 3
_MINUS_SIGNS = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u02bc\u00b4\u0060\u2032"
_PLAIN = str.maketrans(dict.fromkeys(_MINUS_SIGNS, "-") | dict.fromkeys(_APOSTROPHES, "'"))
_AMOUNT = re.compile(
    r"(?P<sign>[+-]?) ?(?P<before>[^\d+\-.,' ]*) ?(?P<inner_sign>[+-]?) ?"
    r"(?P<number>[.,]?[0-9](?:[0-9]|[ .,'](?=[0-9]))*)"
    # German price lists print `15,-` for 15.00. Some bills print the minus sign behind the number.
    r"(?:[.,]-{1,2}| ?(?P<last_sign>[+-]))?"
    # A hyphen between letters belongs to the unit, as in `kilowatt-hour`. Any other is a sign.
    r" ?(?P<unit>[^\d+\-.,' ](?:[^+\-]*[^\W\d_]-(?=[^\W\d_]))*[^+\-]*)? ?(?P<end_sign>[+-]?)"
)
# Digits, or one to three digits other than 0 and groups of three.
_WHOLE = re.compile(r"[0-9]+|(?!0\D)[0-9]{1,3}(?P<mark>\D)[0-9]{3}(?:(?P=mark)[0-9]{3})*")
_DIVIDED_BY = re.compile("/|per|pro|par|por|je")
# Characters without meaning inside a unit, as in `kilowatt-hour` and `Mon.`
_FILLER = re.compile(r"[\s.\-·]")


class AmountFault(StrEnum):
    """Reason why a text is not an amount."""

    MALFORMED = "malformed"
    AMBIGUOUS = "ambiguous"
    """The only separator can be a decimal mark or a group separator."""
    UNIT = "unit"
    """The text has another unit."""
    OUT_OF_RANGE = "out_of_range"


class AmountError(ValueError):
    """Error for a text that is not an amount.

    `values` has both readings of an ambiguous text, or the lowest and the highest possible amount.
    """

    def __init__(self, fault: AmountFault, *values: float) -> None:
        super().__init__(fault)
        self.fault = fault
        self.values = values


@dataclass(frozen=True)
class Unit:
    """Unit of an amount: the symbol, and all words that a typed amount can have for it.

    Each word has the factor that converts the amount to the unit of the symbol. `divisors` are the
    words behind `/` or `per`.
    """

    symbol: str
    names: Mapping[str, Decimal]
    divisors: Mapping[str, Decimal] = field(default_factory=dict)

    def factor(self, before: str, after: str) -> Decimal | None:
        """Return the factor that converts an amount with the texts before and after it.

        Return None if these texts are another unit.
        """
        before, after = (
            _FILLER.sub("", text.casefold().replace("³", "3")) for text in (before, after)
        )
        name, *divisor = _DIVIDED_BY.split(after, maxsplit=1)
        words = [(self.names, word) for word in (before, name) if word]
        if len(words) > 1:
            return None
        words += [(self.divisors, word) for word in divisor]
        factors = [known[word] for known, word in words if word in known]
        return prod(factors, start=Decimal(1)) if len(factors) == len(words) else None


def _each(words: str, factor: str = "1") -> dict[str, Decimal]:
    return dict.fromkeys(words.split(), Decimal(factor))


_MONEY = _each("€ eur euro euros") | _each(
    "ct cts cent cents centime centimes cêntimo cêntimos c ¢ c€ €c ct€ €ct cteur eurct eurocent"
    " eurocents €cent",
    "0.01",
)
_KWH = _each(
    "kwh kilowattstunde kilowattstunden kilowattheure kilowattheures kilowatthour kilowatthours"
    " kilowattstonn kilowattstonnen kilowatthora quilowatthora quilowatthoras"
)
_MONTH = _each("month monat mon mois mount mês mes")
_YEAR = _each("year jahr an année joer ano")
_M3 = _each("m3 nm3 cbm")

EUR = Unit("€", _MONEY)
EUR_PER_KWH = Unit("€/kWh", _MONEY, _KWH | _each("mwh", "0.001"))
EUR_PER_MONTH = Unit("€", _MONEY, _MONTH)
EUR_PER_YEAR = Unit("€", _MONEY, _YEAR)
EUR_PER_M3 = Unit("€/m³", _MONEY, _M3)
KWH = Unit("kWh", _KWH | _each("mwh", "1000"))
KWH_PER_M3 = Unit("kWh/m³", _KWH, _M3)
KWP = Unit("kWp", _each("kwp") | _each("wp", "0.001"))
WATTS = Unit("W", _each("w watt watts"))
PERCENT = Unit("%", _each("%"))
DEGREES = Unit("°", _each("°"))
HOURS = Unit("h", _each("h hour hours uhr heure heures auer hora horas"))
KW = Unit("kW", _each("kw kilowatt kilowatts kva") | _each("w watt", "0.001"))
PULSES_PER_KWH = Unit(
    "imp/kWh", _each("imp impulse impulses impulsions impulsen impulsos pulses pulse"), _KWH
)
CENTIMETRES = Unit("cm", _each("cm") | _each("mm", "0.1") | _each("m", "100"))
LITRES = Unit("L", _each("l litre litres liter liters litro litros") | _each("m3", "1000"))


@dataclass(frozen=True)
class Amount:
    """Amount that a user can enter: its unit and its range."""

    unit: Unit
    maximum: float
    minimum: float = 0

    def parse(self, text: str) -> float:
        """Return the amount in a text, in this unit. Raises AmountError."""
        return self.checked(parse_amount(text, self.unit))

    def checked(self, value: float) -> float:
        """Return a number in this unit. Raises AmountError if it is out of the range, or NaN."""
        if not self.minimum <= value <= self.maximum:
            raise AmountError(AmountFault.OUT_OF_RANGE, self.minimum, self.maximum)
        return value


def parse_amount(text: str, unit: Unit) -> float:
    """Return the amount in a text, in the unit `unit`.

    Decimal comma and point are accepted, also group separators: space, point, comma, apostrophe. A
    single separator before exactly three digits can be either, unless only zeros precede it. Raises
    AmountError.
    """
    match = _AMOUNT.fullmatch(_plain(text)) if len(text) <= MAX_CHARS else None
    if match is None:
        raise AmountError(AmountFault.MALFORMED)
    sign = _sign(match.group("sign", "inner_sign", "last_sign", "end_sign"))
    readings = [sign * reading for reading in _readings(match["number"])]
    factor = unit.factor(match["before"], match["unit"] or "")
    if factor is None:
        raise AmountError(AmountFault.UNIT)
    if len(readings) > 1:
        raise AmountError(AmountFault.AMBIGUOUS, *map(float, readings))
    # Without the addition, -0 would stay -0.
    return float(readings[0] * factor) + 0.0


def amount_text(amount: float, decimal_mark: str = ".") -> str:
    """Return a number as text without group separators. `parse_amount` reads it as this number."""
    text = f"{Decimal(repr(float(amount))):f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    # `1.125` can also be 1125, so `parse_amount` refuses it.
    if len(fraction) == _GROUP_DIGITS and whole.lstrip("-0"):
        fraction += "0"
    return f"{whole}{decimal_mark}{fraction}" if fraction else whole


def shown_typed(text: str) -> str:
    """Return a typed text for a message: without control characters, cut if it is long."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 2 * MAX_CHARS])
    shown = " ".join(shown.split())
    return shown if len(shown) <= _MAX_SHOWN_CHARS else f"{shown[:_MAX_SHOWN_CHARS]}…"


def _plain(text: str) -> str:
    """Return a text with simple spaces, minus signs and apostrophes, without invisible signs."""
    visible = (char for char in text if unicodedata.category(char) != "Cf")
    return " ".join("".join(visible).translate(_PLAIN).split())


def _sign(signs: Iterable[str | None]) -> int:
    """Return -1 for a minus sign, otherwise 1. Raises AmountError for several signs."""
    typed = [sign for sign in signs if sign]
    if len(typed) > 1:
        raise AmountError(AmountFault.MALFORMED)
    return -1 if typed == ["-"] else 1


def _readings(number: str) -> list[Decimal]:
    """Return the reading of a number, or both readings of an ambiguous number.

    Raises AmountError if its separators contradict each other.
    """
    separators = re.sub("[0-9]", "", number)
    mark = separators[-1:]
    if mark in {".", ","} and mark not in separators[:-1]:
        return _decimal_readings(*number.rsplit(mark, 1))
    return [_whole(number)]


def _decimal_readings(whole: str, fraction: str) -> list[Decimal]:
    """Return the readings of a number, whose last separator is a decimal mark in the first one."""
    digits = _whole(whole or "0")
    readings = [Decimal(f"{digits}.{fraction}")]
    if whole.isdecimal() and digits and len(fraction) == _GROUP_DIGITS:
        readings.append(Decimal(whole + fraction))
    return readings


def _whole(number: str) -> Decimal:
    """Return a whole number that may have group separators of one kind. Raises AmountError."""
    if not _WHOLE.fullmatch(number):
        raise AmountError(AmountFault.MALFORMED)
    return Decimal(re.sub("[^0-9]", "", number))
