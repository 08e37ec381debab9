"""How the stream, its subjects, consumers and buckets are called, and how NATS divides the meters.

The servers' configuration sends `smarty_p1.sealed.<system title>` on as
`smarty_p1.frames.<partition>.<system title>`.
"""

import re
from functools import lru_cache

STREAM = "smarty_p1_frames"
STREAM_SUBJECTS = "smarty_p1.frames.*.*"
LEASES = "smarty_p1_leases"
PARTITIONS = "smarty_p1_partitions"
MOST_PARTITIONS = 1024
_IS_TITLE = re.compile(r"[0-9A-F]{16}").fullmatch


def frames_of(partition: int) -> str:
    """Return the subjects of a partition's frames."""
    return f"smarty_p1.frames.{partition}.*"


def frame_of(partition: int, title: bytes) -> str:
    """Return the subject of a meter's frames."""
    return f"smarty_p1.frames.{partition}.{title.hex().upper()}"


def title_of(subject: str) -> bytes | None:
    """Return the system title at the end of a subject, None when it is none."""
    digits = subject.rpartition(".")[2]
    return bytes.fromhex(digits) if _IS_TITLE(digits) else None


def consumer_of(partition: int, epoch: int) -> str:
    """Return the name of a partition's consumer; nobody of an earlier epoch can read from it."""
    return f"partition_{partition}_{epoch}"


def reading_of(title: bytes) -> str:
    """Return the subject of a meter's decoded readings."""
    return f"smarty_p1.readings.{title.hex().upper()}"


@lru_cache(maxsize=50_000)
def partition_of(title: str, partitions: int) -> int:
    """Return where NATS's `partition(…)` puts a system title: by its FNV-1a hash of 32 bits."""
    value = 0x811C9DC5
    for byte in title.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % partitions
