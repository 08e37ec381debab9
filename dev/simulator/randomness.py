"""Reproducible random values. With equal seeds, each process gets equal values."""

import random


def seeded_random(*occasion: object) -> random.Random:
    """Return a random generator whose seed is the joined texts of `occasion`."""
    # Use a text as seed, and not a value of `hash`, which differs between processes.
    return random.Random(":".join(map(str, occasion)))  # noqa: S311 - not used for secrets
