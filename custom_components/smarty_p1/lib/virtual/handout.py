"""What the batteries are given of one telegram: parts that never add up to more than its value."""

from .load_forecast import LoadForecast


class Handout:
    """The value of the last telegram, in shares that are used up.

    A share belongs to a battery by its address; what all shares have been given is counted, and is
    what the next telegram is judged by.
    """

    def __init__(self) -> None:
        self._forecast = LoadForecast()
        self._watts = 0.0
        self._part = 1.0
        self._taken: dict[str, float] = {}

    def renew(self, watts: float | None) -> None:
        """Begin anew with the power of the next telegram, None while it is not known."""
        given = self._watts * self._part * sum(self._taken.values())
        self._watts = watts or 0.0
        self._part = self._forecast.part(self._watts, given)
        self._taken = {}

    def take(self, name: str, wanted: float, share: float) -> float:
        """Return the part of the value that a battery gets now, and count it.

        It wants a part, gets what is left of its share at most: all of them from 0 to 1.
        """
        taken = self._taken.get(name, 0.0)
        got = max(0.0, min(wanted, share - taken, 1 - sum(self._taken.values())))
        self._taken[name] = taken + got
        return got * self._part
