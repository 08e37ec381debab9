"""Requests of users: rights, fields, language, and typed amounts that are refused."""
