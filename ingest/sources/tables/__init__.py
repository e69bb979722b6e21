"""Tables as sources: CSV, workbooks and JSON, one entry a row, and which column is which field."""
