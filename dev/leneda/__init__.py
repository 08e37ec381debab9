"""Leneda's API as far as it is known, with everything that it may answer.

    async with Platform(key=..., energy_id=...) as platform:
        platform.url                                 # instead of https://api.leneda.eu/api
        platform.series[point, "1-1:1.29.0"] = read  # start of a quarter-hour -> mean kW
        platform.fault = Fault.FORBIDDEN             # what it answers instead; None heals
        platform.requests                            # what it was asked for

What is in no series is `unit: null`, as the platform answers it for an unknown metering point and
for a code without a right to it. It shares no code with what reads it.
"""

from .platform import Fault, Platform, Request

__all__ = ["Fault", "Platform", "Request"]
