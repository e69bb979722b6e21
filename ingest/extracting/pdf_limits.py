"""How much of a PDF is taken. The process that reads it and the one that asked agree on these."""

MAX_FILE_BYTES = 500_000_000
MAX_TEXT = 3_990_000  # characters, about a thousand pages; less than ingest.records allows a text
MAX_PAGES = 20_000
MAX_OUTPUT_BYTES = 40_000_000
