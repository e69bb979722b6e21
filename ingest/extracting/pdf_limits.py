"""How much of a PDF is taken. The process that reads it and the one that asked agree on these."""

MAX_FILE_BYTES = 500_000_000
# A few thousand pages; a text column holds no more (see ingest.records, which neither process may be slowed by).
MAX_TEXT = 3_900_000
MAX_PAGES = 20_000
MAX_OUTPUT_BYTES = 40_000_000
