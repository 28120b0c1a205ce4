"""``nlp.*``: language by light rules, where the reference asks the operating system."""

from typing import Annotated

from msgspec import Meta, Struct

from car.ir.json import JsonObject
from car.nlp.entities import extract_entities
from car.nlp.languages import identify_language
from car.nlp.tokens import tokenize
from car.server.registry import method
from car.server.session import ClientSession

MOST_CHARS = 1_000_000
"""The longest text [ours]."""

BACKEND = "fallback"
"""How the wire calls rules instead of a platform's service."""


class AnyText(Struct, frozen=True):
    """A text in any language."""

    text: Annotated[str, Meta(max_length=MOST_CHARS)]


@method("nlp.identify_language")
def nlp_identify_language(session: ClientSession, params: AnyText) -> JsonObject:
    """Which language a text is in, judged by its beginning.

    Result: ``{language, backend: "fallback"}``: an ISO 639-1 code, null where nothing tells.
    """
    return {"language": identify_language(params.text), "backend": BACKEND}


@method("nlp.tokenize")
async def nlp_tokenize(session: ClientSession, params: AnyText) -> JsonObject:
    """The words and marks of a text; ``tokenize`` gives a model's tokens.

    Result: ``{tokens, backend: "fallback"}``.
    """
    tokens = await session.state.in_thread(tokenize, params.text)
    return {"tokens": tokens, "backend": BACKEND}


@method("nlp.extract_entities")
async def nlp_extract_entities(session: ClientSession, params: AnyText) -> JsonObject:
    """The names in a text, as far as capital letters tell.

    Result: ``{entities: [{text, kind: "entity", byte_range: [start, end]}], backend:
    "fallback"}``; the range counts octets of UTF-8.
    """
    entities = await session.state.in_thread(extract_entities, params.text)
    return {"entities": entities, "backend": BACKEND}
