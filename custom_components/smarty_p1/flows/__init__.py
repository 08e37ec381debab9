"""The dialogs: setting up, reconfiguring, options."""
