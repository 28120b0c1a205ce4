"""What the roles of Chromium's accessibility tree are to a reader of ours.

The reference calls a ``textbox`` a ``text_input``; the others are named in its manner.
"""

INTERACTIVE = {
    "button": "button",
    "link": "link",
    "textbox": "text_input",
    "searchbox": "search_input",
    "combobox": "combobox",
    "ComboBoxSelect": "select",
    "ComboBoxMenuButton": "combobox",
    "TextFieldWithComboBox": "combobox",
    "listbox": "list_box",
    "checkbox": "checkbox",
    "radio": "radio",
    "switch": "switch",
    "slider": "slider",
    "spinbutton": "number_input",
    "menuitem": "menu_item",
    "menuitemcheckbox": "menu_item",
    "menuitemradio": "menu_item",
    "tab": "tab",
    "treeitem": "tree_item",
    "option": "option",
    "DisclosureTriangle": "disclosure",
    "DisclosureTriangleGrouped": "disclosure",
    "Date": "date_input",
    "DateTime": "date_input",
    "InputTime": "time_input",
    "ColorWell": "color_input",
    "PopUpButton": "button",
    "ToggleButton": "toggle_button",
}
"""What can be acted on."""

CLICKABLE = "clickable"
"""What an element is called that takes the focus and has no role that says what for."""

PLAIN = frozenset(
    {"generic", "group", "image", "img", "listitem", "paragraph", "cell", "gridcell", "row"}
    | {"Section", "LabelText", "Canvas", "none", "heading", "figure", "article"}
)
"""Roles that do not say what an element does when it is acted on."""

CLOSED = frozenset({"Date", "DateTime", "InputTime", "ColorWell", "MenuListPopup"})
"""What is not looked into: fields made of parts, and lists, which are told with their value."""

FRAMES = frozenset({"Iframe", "IframePresentational"})

BLOCKS = {
    "heading": "heading",
    "paragraph": "paragraph",
    "listitem": "list_item",
    "cell": "cell",
    "gridcell": "cell",
    "columnheader": "column_header",
    "rowheader": "row_header",
    "LabelText": "label",
    "Legend": "legend",
    "caption": "caption",
    "Figcaption": "caption",
    "blockquote": "quote",
    "code": "code",
    "alert": "alert",
    "status": "status",
    "term": "term",
    "definition": "definition",
    "tooltip": "tooltip",
    "time": "time",
}
"""What text belongs to."""

TEXT = "text"
"""Text that belongs to nothing of a name."""
