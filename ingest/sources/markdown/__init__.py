"""The source `markdown`, and what other sources need to know about Markdown."""
