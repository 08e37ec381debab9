"""Plugin that makes the folders `tests` of both projects one namespace, as Python does.

pytest alone would make a package of the folder that it meets first. usage: `-p
tests.with_home_assistant.both_tests`, as `programs/scripts/test` does.
"""

import tests.system  # noqa: F401
