"""What is kept on the disk for a config entry: one file of this package a kind.

All lie in `.storage` and begin with `smarty_p1.<entry>.`. A damaged file is renamed to
`….unreadable`, a repair tells it, and its owner begins anew. `docs/architecture.md` has the table
of files with owner, format, bound, and what happens when one is damaged.
"""
