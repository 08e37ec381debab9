"""Simulated server of Leneda's API, written without any code of the client.

    async with Platform(key=..., energy_id=...) as platform:
        platform.url                                 # instead of https://api.leneda.eu/api
        platform.series[point, "1-1:1.29.0"] = read  # start of a quarter-hour -> mean kW
        platform.fault = Fault.FORBIDDEN             # fault of all answers; None ends it
        platform.requests                            # received queries for series

If `series` does not have the metering point and code of a query, the answer has `unit: null`.
The real Leneda, too, answers `unit: null` for an unknown metering point, and for a code that the
account may not read.
"""

from .platform import Fault, Platform, Request

__all__ = ["Fault", "Platform", "Request"]
