"""The curator's desk: stock Django admin over every table, with history, inlines and re-indexing."""

from kb.admin import entities, entries, error_reports, jobs, provenance, references, taxonomies, tokens  # noqa: F401  (importing registers them)
