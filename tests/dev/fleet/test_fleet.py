"""Every meter has a gateway, and no gateway is without a meter or has more than it may."""

from collections import Counter
from pathlib import Path

import pytest

from dev.fleet.fleet import Fleet


@pytest.mark.parametrize(("meters", "gateways"), [(1, 1), (2, 2), (7, 2), (2000, 2), (2001, 3)])
def test_meters_are_divided_among_gateways(tmp_path: Path, meters: int, gateways: int) -> None:
    fleet = Fleet(tmp_path, meters, 60.0, 1)
    read = Counter(fleet.gateway_of(meter) for meter in range(1, meters + 1))
    assert sorted(read) == [*range(fleet.count)] == [*range(gateways)]
    assert max(read.values()) <= 1000
