"""Random changes of the programs, one at a time, to find those that no test notices."""
