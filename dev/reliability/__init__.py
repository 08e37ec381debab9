"""How the integration fares when what it depends on fails, measured with real parts."""
