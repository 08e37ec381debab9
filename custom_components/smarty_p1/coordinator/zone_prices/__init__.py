"""Published market prices of a price zone, downloaded when a user asks for them."""
