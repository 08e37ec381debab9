"""Dialogs for setup, reconfiguration, new keys and options."""
