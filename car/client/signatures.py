"""From a Python function to a tool: JSON Schema of its parameters, and reading them.

One record type is made of the function's signature; msgspec derives the schema from it and
reads the parameters of each call by it, so that the two cannot disagree.
"""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from car.client.errors import ToolDefinitionError
from car.ir.json import JsonObject, convert

_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Signature:
    """The parameters of one function.

    Annotations are any that msgspec knows; a parameter without one takes any JSON value.
    Raises ToolDefinitionError for a function that cannot be called by keywords, or whose
    annotations have no JSON Schema.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        name = getattr(function, "__name__", type(function).__name__)
        try:
            parameters = inspect.signature(function, eval_str=True).parameters.values()
        except (TypeError, ValueError, NameError) as problem:
            raise ToolDefinitionError(
                f"tool '{name}': its signature cannot be read ({problem}); give a schema"
            ) from None
        fields = []
        self._open = False
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                self._open = True
            elif parameter.kind in _KEYWORD:
                fields.append(_field(parameter))
            else:
                raise ToolDefinitionError(
                    f"tool '{name}': '{parameter.name}' cannot be given by name; "
                    "tools are called with keyword arguments"
                )
        self._names = [field[0] for field in fields]
        self._record: type[Struct] = msgspec.defstruct(
            "Parameters", fields, kw_only=True, forbid_unknown_fields=not self._open
        )
        try:
            self.schema = _schema(self._record)
        except TypeError as problem:
            reason = str(problem).splitlines()[-1]
            raise ToolDefinitionError(
                f"tool '{name}': an annotation has no JSON Schema ({reason}); give a schema"
            ) from None

    def arguments(self, parameters: JsonObject) -> dict[str, Any]:
        """The keyword arguments for *parameters*; raises RecordError naming the wrong one.

        What a call leaves out is left out here too, so that the function's defaults hold.
        """
        record = convert(parameters, self._record)
        values = {name: getattr(record, name) for name in self._names}
        found = {name: value for name, value in values.items() if value is not UNSET}
        return {**parameters, **found} if self._open else found


def _field(parameter: inspect.Parameter) -> tuple[str, Any] | tuple[str, Any, Any]:
    empty = parameter.empty
    annotation = Any if parameter.annotation is empty else parameter.annotation
    if parameter.default is empty:
        return parameter.name, annotation
    return parameter.name, annotation | UnsetType if annotation is not Any else Any, UNSET


def _schema(record: type[Struct]) -> JsonObject:
    """The JSON Schema of *record* with its own members at the top."""
    (_,), found = msgspec.json.schema_components([record], ref_template="#/$defs/{name}")
    schema: JsonObject = found.pop(record.__name__)
    del schema["title"]
    if found:
        schema["$defs"] = found
    return schema
