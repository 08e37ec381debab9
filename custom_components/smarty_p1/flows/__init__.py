"""Dialogs for set-up, reconfiguration, new keys and options."""
