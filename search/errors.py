"""What can go wrong in search, one class per decision a caller can make."""


class SearchError(Exception):
    """Base of everything search raises on purpose; its text can be shown to an operator."""


class SemanticUnavailable(SearchError):
    """The model or the vector half cannot answer now: show keyword results and say so."""


class IndexMismatch(SemanticUnavailable):
    """The index was made by another model, dimension or layout: only `reindex --rebuild` helps."""


class IndexBusy(SearchError):
    """Another process is writing to the index: wait and try again. The text says who holds it."""
