"""What the built-in agent tools are called and take (``engine.md`` §12)."""

from car.ir.json import JsonObject
from car.ir.tools import ToolSchema

MAX_RESULTS = 1_000
"""The most results that a search may be asked for."""

_TEXT: JsonObject = {"type": "string"}
_PATH: JsonObject = {"type": "string", "description": "relative to the tools root"}
_SWITCH: JsonObject = {"type": "boolean"}
_COUNT: JsonObject = {"type": "integer", "minimum": 1, "maximum": MAX_RESULTS}


def _schema(
    name: str, description: str, required: JsonObject, optional: JsonObject | None = None
) -> ToolSchema:
    return ToolSchema(
        name=name,
        description=description,
        parameters={
            "type": "object",
            "properties": {**required, **(optional or {})},
            "required": list(required),
            "additionalProperties": False,
        },
    )


BASICS: tuple[ToolSchema, ...] = (
    _schema(
        "read_file",
        "Read a UTF-8 text file of at most 512 KiB: {path, content, size_bytes}.",
        {"path": _PATH},
    ),
    _schema(
        "write_file",
        "Write a text file, or replace it whole in one step: {path, size_bytes, created}.",
        {"path": _PATH, "content": _TEXT},
        {"create_parents": _SWITCH},
    ),
    _schema(
        "edit_file",
        "Replace a text that occurs exactly once in a file: {path, size_bytes, line}.",
        {"path": _PATH, "old_text": _TEXT, "new_text": _TEXT},
    ),
    _schema(
        "list_dir",
        "List a directory: {path, entries: [{name, type, size_bytes?}], truncated}.",
        {"path": _PATH},
    ),
    _schema(
        "find_files",
        "Find files by a glob: {files, truncated}. Without a slash it is held against file "
        "names at any depth, with one against the path; ** is any number of directories.",
        {"pattern": _TEXT},
        {"path": _PATH, "max_results": _COUNT},
    ),
    _schema(
        "grep_files",
        "Find lines by a regular expression (RE2): {matches: [{path, line, text}], truncated}. "
        "The path is a file or a directory, the glob says which files in it.",
        {"pattern": _TEXT},
        {"path": _PATH, "glob": _TEXT, "ignore_case": _SWITCH, "max_results": _COUNT},
    ),
    _schema(
        "calculate",
        "Compute an arithmetic expression: {expression, result}. Knows + - * / // % **, "
        "parentheses, pi, e, tau and functions such as sqrt, round, min, max, log, sin.",
        {"expression": _TEXT},
    ),
)
"""The schemas; what the answers hold is told in the docstrings of the tools."""
