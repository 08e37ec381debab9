"""The time that tests let pass."""


class Passed:
    """The seconds by which a test has put forward the clock that sources are judged by."""

    seconds = 0.0
