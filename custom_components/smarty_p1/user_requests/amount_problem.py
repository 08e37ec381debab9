"""Amount that is refused, or that the user is asked about, with its text in a message."""

from typing import NamedTuple, Self

from ..lib.amounts import AmountError, AmountFault, Unit, shown_typed
from .user_locale import UserLocale

# Translation key of each message, and the text behind the amount that its placeholder names.
UNUSUAL = "amount_unusual", "= {0} {unit} (> {1} {unit})"
_MESSAGES = {
    AmountFault.MALFORMED: ("amount_malformed", ""),
    AmountFault.AMBIGUOUS: ("amount_ambiguous", "= {0} / {1}"),
    AmountFault.UNIT: ("amount_unit", "({unit})"),
    AmountFault.OUT_OF_RANGE: (
        "amount_out_of_range",
        "({0} \N{EN DASH}\N{WORD JOINER} {1} {unit})",
    ),
}


class AmountProblem(NamedTuple):
    """Typed amount that is refused, or that the user is asked about."""

    key: str
    """Translation key of the message. It is also the name of the message's placeholder."""
    detail: str
    """Pattern of the text behind the amount."""
    typed: str | float
    """Text that the user has typed, or a stored number."""
    unit: Unit
    values: tuple[float, ...] = ()
    """Both readings of an ambiguous amount, or lowest and highest amount, or amount and limit."""

    @classmethod
    def of_error(cls, error: AmountError, typed: str | float, unit: Unit) -> Self:
        """Return the problem of a typed amount that was refused."""
        return cls(*_MESSAGES[error.fault], typed, unit, error.values)

    def shown(self, name: str, locale: UserLocale) -> str:
        """Return the part of the message about this amount, which is called `name`."""
        values = map(locale.amount, self.values)
        # No line ends inside the detail, not even after its dash.
        detail = self.detail.format(*values, unit=self.unit.symbol).replace(
            " ", "\N{NO-BREAK SPACE}"
        )
        typed = self.typed if isinstance(self.typed, str) else locale.amount(self.typed)
        quoted = locale.quoted(shown_typed(typed))
        return f"{name}{locale.punctuated(':')}{quoted} {detail}".rstrip()
