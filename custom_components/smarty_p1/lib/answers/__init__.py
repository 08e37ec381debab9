"""Pure functions that compute answers about a meter from its energies, contracts and prices.

Actions, websocket commands and tools of assistants check the user's rights first. Then they return
these answers.

All modules are public.
"""
