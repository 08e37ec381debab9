"""Demo: a simulated meter, and a real Home Assistant that reads it.

`scripts/demo` starts the demo.
"""
