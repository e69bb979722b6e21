"""The house rules: kb knows nobody, ingest and search know kb, and only the joints name the others."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {"kb": {"ingest", "search"}, "ingest": {"search"}, "search": {"ingest"}}
JOINTS = {"kb/urls.py", "kb/api.py", "kb/celery.py", "kb/settings.py"}  # settings lists the apps
DOTTED = re.compile(r"(ingest|search)(\.[a-z_]+)+(\.[A-Za-z_]+)?")


def modules(app: str) -> list[Path]:
    return sorted((ROOT / app).rglob("*.py"))


@pytest.mark.parametrize("app", FORBIDDEN)
def test_imports_point_one_way(app):
    wrong = []
    for path in modules(app):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            wrong += [f"{path.relative_to(ROOT)}: {name}" for name in names if name.split(".")[0] in FORBIDDEN[app]]
    assert wrong == []


def test_only_the_joints_of_kb_name_the_other_apps():
    wrong = []
    for path in modules("kb"):
        name = str(path.relative_to(ROOT))
        if name in JOINTS:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
                wrong.append(f"{name}: {node.value}")
    assert wrong == []


def test_sources_touch_no_database():
    wrong = []
    for path in sorted((ROOT / "ingest" / "sources").rglob("*.py")):
        for line in path.read_text().splitlines():
            if re.match(r"\s*(from|import) (django|kb\.models|ingest\.writing|ingest\.pipeline)\b", line):
                wrong.append(f"{path.name}: {line.strip()}")
    assert wrong == []
