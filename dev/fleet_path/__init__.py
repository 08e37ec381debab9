"""The path of docs/fleet.md, from nothing to a picture, as somebody walks it who has only that."""
