"""A script: the operations that it asks for, as records that are legal by construction.

What an operation does stands in ``car.browser.operations``; here is only what it may say.
Fields that an operation does not know are ignored, as the reference does; at the top level
they are refused.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from car.browser.errors import ScriptError
from car.ir import json
from car.ir.json import JsonValue

MOST_OPERATIONS = 500
"""Operations in one script [ours]."""

WaitUntil = Literal["commit", "dom_content_loaded", "load", "network_idle"]
"""How far a page has to have come for a navigation to be over."""


class Operation(Struct, frozen=True, tag_field="op", kw_only=True):
    """What every operation may say: ``timeout_ms``, its own deadline."""

    timeout_ms: Annotated[float, Meta(ge=0)] | None = None

    @property
    def name(self) -> str:
        """The operation's name on the wire."""
        return str(self.__struct_config__.tag)


class Navigate(Operation, frozen=True, tag="navigate"):
    """Open ``url`` in the current tab."""

    url: str
    wait_until: WaitUntil = "load"


class Back(Operation, frozen=True, tag="back"):
    """Go to the page before this one in the tab's history."""

    wait_until: WaitUntil = "load"


class Forward(Operation, frozen=True, tag="forward"):
    """Go to the page after this one in the tab's history."""

    wait_until: WaitUntil = "load"


class Reload(Operation, frozen=True, tag="reload"):
    """Load the page again."""

    wait_until: WaitUntil = "load"


class SwitchTab(Operation, frozen=True, tag="switch_tab"):
    """Make tab number ``tab`` (from 0, in order of opening) the current one."""

    tab: int


class CloseTab(Operation, frozen=True, tag="close_tab"):
    """Close the current tab; the one opened before it becomes current."""


class Observe(Operation, frozen=True, tag="observe"):
    """Tell what is on the page; ``screenshot`` adds a picture, ``full_page`` of all of it."""

    screenshot: bool = False
    full_page: bool = False


class Screenshot(Operation, frozen=True, tag="screenshot"):
    """A picture of the page, or of one element; ``quality`` (1-100) counts for JPEG."""

    full_page: bool = False
    element_id: str | None = None
    format: Literal["png", "jpeg"] = "png"
    quality: int = 80


class Pdf(Operation, frozen=True, tag="pdf"):
    """The page as a PDF document."""

    landscape: bool = False
    background: bool = True


class Click(Operation, frozen=True, tag="click"):
    """Click on an element; ``count`` 2 is a double click."""

    element_id: str
    button: Literal["left", "middle", "right"] = "left"
    count: int = 1
    modifiers: list[str] = []


class Hover(Operation, frozen=True, tag="hover"):
    """Move the pointer over an element."""

    element_id: str


class Scroll(Operation, frozen=True, tag="scroll"):
    """Scroll the page, or what ``element_id`` stands in, by CSS pixels."""

    delta_y: float
    delta_x: float = 0
    element_id: str | None = None


class Type(Operation, frozen=True, tag="type"):
    """Type ``text`` at the end of a field; ``clear`` empties it first, ``submit`` presses Enter."""

    element_id: str
    text: str
    clear: bool = False
    submit: bool = False


class Keypress(Operation, frozen=True, tag="keypress"):
    """Press a key: a character or a name such as ``Enter``, with modifiers held down."""

    key: str
    modifiers: list[str] = []


class SelectOption(Operation, frozen=True, tag="select_option"):
    """Choose in a list: one or more ``values``, each an option's value or its label."""

    element_id: str
    values: list[str]


class InlineFile(Struct, frozen=True):
    """A file given with the script: ``name``, and its content as text or in base64."""

    name: str
    text: str | None = None
    data: str | None = None


class UploadFile(Operation, frozen=True, tag="upload_file"):
    """Give files to a file field, or to what opens a file chooser when clicked.

    ``paths`` are relative to the directory that the daemon allows uploads from.
    """

    element_id: str
    paths: list[str] = []
    files: list[InlineFile] = []


class Wait(Operation, frozen=True, tag="wait"):
    """Wait for a condition; ``value`` says which text, selector, part of a URL or milliseconds."""

    condition: str
    value: str | float | None = None


class HandleDialogs(Operation, frozen=True, tag="handle_dialogs"):
    """How the page's confirm and prompt dialogs are answered from now on."""

    accept: bool
    prompt_text: str | None = None


class Cookie(Struct, frozen=True):
    """A cookie to set; ``expires`` in seconds since the epoch, a session cookie without."""

    name: str
    value: str
    domain: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    expires: float | None = None
    same_site: Literal["Strict", "Lax", "None"] | None = None


class SetCookies(Operation, frozen=True, tag="set_cookies"):
    """Set cookies of this browser."""

    cookies: list[Cookie]


class GetCookies(Operation, frozen=True, tag="get_cookies"):
    """Tell the cookies that the current page's URL gets, or those of ``urls``."""

    urls: list[str] | None = None


class ClearCookies(Operation, frozen=True, tag="clear_cookies"):
    """Forget all cookies of this browser."""


class SetExtraHeaders(Operation, frozen=True, tag="set_extra_headers"):
    """Send ``headers`` with every request from now on, in place of those set before."""

    headers: dict[str, str]


class SetLocalStorage(Operation, frozen=True, tag="set_local_storage"):
    """Set items in the local storage of ``origin``."""

    origin: str
    items: dict[str, str]


class GetLocalStorage(Operation, frozen=True, tag="get_local_storage"):
    """Tell the items in the local storage of ``origin``, or of the current page's."""

    origin: str | None = None


class Evaluate(Operation, frozen=True, tag="evaluate"):
    """The value of a JavaScript expression in the page; only where the daemon allows it."""

    expression: str


AnyOperation: TypeAlias = (
    Navigate
    | Back
    | Forward
    | Reload
    | SwitchTab
    | CloseTab
    | Observe
    | Screenshot
    | Pdf
    | Click
    | Hover
    | Scroll
    | Type
    | Keypress
    | SelectOption
    | UploadFile
    | Wait
    | HandleDialogs
    | SetCookies
    | GetCookies
    | ClearCookies
    | SetExtraHeaders
    | SetLocalStorage
    | GetLocalStorage
    | Evaluate
)

OPERATIONS: dict[str, type[Operation]] = {
    str(kind.__struct_config__.tag): kind for kind in AnyOperation.__args__
}
"""The record of each operation by its name on the wire."""


class SessionRef(Struct, frozen=True, forbid_unknown_fields=True):
    """Names a stored bundle of cookies, headers and local storage by its key."""

    key: str


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """What ``browser.run`` is asked to do."""

    operations: list[AnyOperation]
    session_ref: SessionRef | None = None


def parse_script(value: JsonValue) -> Script:
    """Read a script: JSON text, an array of operations, or ``{operations, session_ref?}``.

    Raises ScriptError, whose message names the field: ``parse script: operations[0].url: …``.
    """
    try:
        if isinstance(value, str):
            value = json.decode(value)
        if isinstance(value, list):
            value = {"operations": value}
        if not isinstance(value, dict):
            raise ScriptError(
                "parse script: expected an object with operations, an array of them,"
                " or the JSON text of either"
            )
        _check_operations(value.get("operations"))
        return json.convert(value, Script)
    except json.JsonError as problem:
        raise ScriptError(f"parse script: {problem}") from None


def _check_operations(operations: JsonValue) -> None:
    """Raise ScriptError for what msgspec would tell less well: how many, and which names."""
    if not isinstance(operations, list):
        return
    if len(operations) > MOST_OPERATIONS:
        raise ScriptError(f"parse script: operations: expected up to {MOST_OPERATIONS}")
    for number, operation in enumerate(operations):
        name = operation.get("op") if isinstance(operation, dict) else None
        if isinstance(name, str) and name not in OPERATIONS:
            raise ScriptError(
                f"parse script: operations[{number}].op: unknown operation '{name:.60}';"
                f" expected one of {', '.join(OPERATIONS)}"
            )
