"""Loads that the household has entered for a meter, and what follows their plans."""
