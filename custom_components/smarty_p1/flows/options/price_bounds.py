"""Bounds of the prices and fees that a user can enter, and of the usual ones among them."""

from ...lib.amounts import EUR_PER_KWH, EUR_PER_MONTH, Amount
from ...lib.prices.price_series import MAX_PRICE

MAX_FEE = 10_000
USUAL_EUR_PER_MONTH = 50.0
"""Highest usual price per month. The form asks about a higher one: it may be the bill's total."""

PRICE = Amount(EUR_PER_KWH, MAX_PRICE)
MARGIN = Amount(EUR_PER_KWH, MAX_PRICE, -MAX_PRICE)
FEE = Amount(EUR_PER_MONTH, MAX_FEE)
MONTHLY = Amount(EUR_PER_MONTH, MAX_FEE, -MAX_FEE)
