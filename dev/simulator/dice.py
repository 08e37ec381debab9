"""Chance that falls the same way every time it is asked."""

import random


def seeded_random(*occasion: object) -> random.Random:
    """Return a source of chance that depends on nothing but the occasion."""
    # Seeding with text is stable over processes and machines; hash() is not.
    return random.Random(":".join(map(str, occasion)))  # noqa: S311 - no secrets hang on it
