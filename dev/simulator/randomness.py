"""Reproducible random values. Equal seeds give equal values in every process."""

import random


def seeded_random(*occasion: object) -> random.Random:
    """Return a random generator. Its seed is made only from the texts of `occasion`."""
    # The seed is a text, because `hash` would give other values in another process.
    return random.Random(":".join(map(str, occasion)))  # noqa: S311 - not used for secrets
