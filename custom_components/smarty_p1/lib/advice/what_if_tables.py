"""What would have been: a household's table with other energies.

with_energies(table, imported, exported)
"""

import numpy as np

from ..past.table import Table
from ..past.wall_clock import Floats


def with_energies(table: Table, imported: Floats, exported: Floats) -> Table:
    """Return `table` with other energies. Exported energy that was unknown stays unknown.

    At most the imported energy of a quarter-hour is shared energy.
    """
    total = table.shared.sum(axis=0)
    share = np.divide(np.minimum(total, imported), total, out=np.zeros(len(total)), where=total > 0)
    fed = np.where(np.isnan(table.exported), np.nan, exported)
    return table._replace(imported=imported, exported=fed, shared=table.shared * share)
