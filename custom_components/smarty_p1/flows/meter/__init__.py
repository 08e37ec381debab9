"""Dialogs that set up, find and mend an electricity meter: port, key, contract, entities."""
