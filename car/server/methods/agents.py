"""``agents.register_basics``: the built-in agent tools."""

from car.engine.basics.schemas import BASICS
from car.ir.json import JsonObject, to_value
from car.server.registry import NoParams, method
from car.server.session import ClientSession


@method("agents.register_basics")
def agents_register_basics(session: ClientSession, params: NoParams) -> JsonObject:
    """Register the built-in tools, which the daemon runs itself.

    These are ``read_file``, ``write_file``, ``edit_file``, ``list_dir``, ``find_files``,
    ``grep_files`` and ``calculate``.  All but the last fail in a daemon without
    ``--tools-root``.  A tool of the client's under one of these names is replaced.

    Result: ``{}``.  Errors: -32603 with ``data.code = "journal"`` while it cannot be
    recorded.
    """
    session.require_journal()
    session.runtime.register_basics(session.state.builtin_tools, BASICS)
    session.record("record_tools", {"registered": [to_value(schema) for schema in BASICS]})
    return {}
