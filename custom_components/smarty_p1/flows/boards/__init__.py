"""Dialogs of pulse readers and tanks, whose boards send pulses and distances."""
