"""The dialogues: setting up, reconfiguring, options."""
