"""Mutation test: changes one line of the program at a time, and tells which tests notice it."""
