"""Entities of other integrations that the user has chosen: their ids, and what keeps the choice."""
