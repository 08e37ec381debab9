"""Data of a config entry on the disk: one module for each kind.

All lie in `.storage` and begin with `smarty_p1.<entry>.`. A damaged file is renamed to
`….unreadable`, a repair tells it, and its owner begins anew. `docs/architecture.md` has the table
of files with owner, format, bound, and what happens when one is damaged.
"""
