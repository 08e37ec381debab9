"""Answers that need a long computation: their queue, the plan of a house, what-ifs, usual days."""
