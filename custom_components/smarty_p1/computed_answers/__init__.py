"""Answers that need a long computation: their queue, plans, what-ifs, classes, usual days."""
