"""Importing over the web: the pages, the API, and the files that people send."""
