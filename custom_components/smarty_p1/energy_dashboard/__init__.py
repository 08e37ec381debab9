"""Inverters, batteries and devices that the Energy dashboard lists, for each meter's house."""
