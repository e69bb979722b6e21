"""A workbook (.xlsx), one entry a row of one of its sheets."""

from pathlib import Path

from ingest.sources.base import Options, SourceError
from ingest.sources.files import fingerprint, local_file
from ingest.sources.lists import listed
from ingest.sources.tables.mapping import is_known
from ingest.sources.tables.mapping_guesses import guess
from ingest.sources.tables.sheet import find_header
from ingest.sources.tables.sheet_table import SheetTable, sample
from ingest.sources.tables.workbook import Workbook, WorkbookSheet


class XlsxTable(SheetTable):
    """A sheet of a workbook as entries: the one that `sheet` names, else the first that has a title column."""

    name = "xlsx"
    takes = frozenset({"kind", "namespace", "map", "sheet"})
    fetches = False
    ragged = True

    def __init__(self, location: str, options: Options, scratch: Path | None = None) -> None:
        self.path = local_file(location, "a workbook (.xlsx)")
        workbook = Workbook(self.path)
        sheet = _choose(workbook, options)
        super().__init__(sheet, self.path, options)
        others = [title for title in workbook.sheets if title != sheet.title]
        if others:
            self.notices.insert(0, f"read the sheet {sheet.title!r}; there are also {listed(others)}")

    def fingerprint(self) -> str:
        return fingerprint([self.path])


def _choose(workbook: Workbook, options: Options) -> WorkbookSheet:
    if options.sheet:
        wanted = options.sheet.casefold()
        found = [sheet for title, sheet in workbook.sheets.items() if title.strip().casefold() == wanted]
        if not found:
            raise SourceError(
                f"{workbook.path.name} has no sheet {options.sheet!r}; it has {listed(list(workbook.sheets))}"
            )
        return found[0]
    visible = [sheet for sheet in workbook.sheets.values() if not sheet.hidden] or list(workbook.sheets.values())
    return next((sheet for sheet in visible if _has_title(sheet, options)), visible[0])


def _has_title(sheet: WorkbookSheet, options: Options) -> bool:
    try:
        columns = [name for name in find_header(sample(sheet), is_known(options), sheet.title).names if name]
    except SourceError:
        return False
    return set(options.map.values()) <= set(columns) if options.map else "title" in guess(columns)
