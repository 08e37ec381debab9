"""Market prices of a kWh: of price entities, of their lists, of a zone, and measured ones."""
