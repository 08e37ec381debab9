"""Tools for assistants. Each tool answers one kind of question about a meter, and only reads."""
