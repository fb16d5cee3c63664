"""Dagster: the assets, their checks and jobs, the files they read and write, the command line. No logic on text."""
