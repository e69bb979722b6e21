"""Links that people collected: pages, bookmarks, bibliographies."""
