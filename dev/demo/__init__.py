"""Demo: simulated meters, and a real Home Assistant that reads them.

`scripts/demo` starts the demo.
"""
