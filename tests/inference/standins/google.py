"""Google's generateContent and streamGenerateContent (Gemini API reference)."""

from twisted.web.server import Request

from tests.inference.standins.provider import (
    Body,
    Complaint,
    Provider,
    check,
    check_members,
    event,
    path_of,
)
from tests.inference.standins.script import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Asked,
    Script,
    write_script,
)

_KNOWN = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
]

_CONFIG = [
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "responseMimeType",
    "responseJsonSchema",
    "responseSchema",
    "thinkingConfig",
    "candidateCount",
]

_PARTS = {"text", "inlineData", "fileData", "functionCall", "functionResponse"}

_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}

SIGNATURE = "c3RhbmQtaW4="


class GoogleContent(Provider):
    """``/v1/models/<model>:generateContent`` and ``:streamGenerateContent``; also ``v1beta``."""

    def key_of(self, request: Request) -> str | None:
        """The header of Google."""
        return request.getHeader("x-goog-api-key")

    def complaint(self, problem: Complaint) -> Body:
        """As Google tells errors."""
        status = _STATUSES.get(problem.status, "UNAVAILABLE")
        return {"error": {"code": problem.status, "message": str(problem), "status": status}}

    def answer(self, request: Request, body: Body) -> tuple[Asked, Body | list[bytes]]:
        """A response, or its parts; Google ends its lines with CR LF."""
        check_members(body, ("contents",), _KNOWN)
        check_members(body.get("generationConfig") or {}, (), _CONFIG)
        model, _, verb = path_of(request)[-1].partition(":")
        asked = _read(body, model)
        script = write_script(asked)
        if verb == "streamGenerateContent":
            check(request.args.get(b"alt") == [b"sse"], "alt must be sse here.")
            answers = _answers(asked, script)
            return asked, [event(answer, end=b"\r\n\r\n") for answer in answers]
        check(verb == "generateContent", "There is no such operation.")
        return asked, _whole(asked, script)


def _read(body: Body, model: str) -> Asked:
    asked = Asked(model, [])
    names: list[str] = []
    for content in body["contents"]:
        check(content.get("role", "user") in ("user", "model"), "role must be user or model")
        is_signed = False  # the first call of a turn must be
        for part in content["parts"]:
            check(len(_PARTS & part.keys()) == 1, "A part must hold one kind of data.")
            if "functionCall" in part:
                names.append(part["functionCall"]["name"])
                signed = "thoughtSignature" in part or is_signed
                check(signed, "Function call is missing a thought_signature")
                is_signed = True
            elif "functionResponse" in part:
                answer = part["functionResponse"]
                check(answer["name"] in names, "functionResponse is of no functionCall")
                check(isinstance(answer["response"], dict), "response must be an object")
                asked.has_results = True
            asked.images += "inlineData" in part or "fileData" in part
    for tool in body.get("tools") or []:
        asked.tools += [each["name"] for each in tool["functionDeclarations"]]
    config = body.get("generationConfig") or {}
    asked.wants_json = config.get("responseMimeType") == "application/json"
    thinking = config.get("thinkingConfig") or {}  # Google takes names of either spelling
    asked.thinks = bool(thinking.get("includeThoughts") or thinking.get("include_thoughts"))
    return asked


def _answer(asked: Asked, parts: list[Body], reason: str | None) -> Body:
    candidate: Body = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if reason is not None:
        candidate["finishReason"] = reason
    thoughts = 4 if asked.thinks else 0
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": OUTPUT_TOKENS - thoughts,
        "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
        "cachedContentTokenCount": CACHED_TOKENS,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": INPUT_TOKENS}],
    }
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": asked.model,
        "responseId": "stand-in",
    }


def _blocked(asked: Asked) -> Body:
    answer = _answer(asked, [], None)
    del answer["candidates"]
    return answer | {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}


def _calls(script: Script) -> list[Body]:
    """Google gives its calls no ids, and signs the first of them."""
    parts: list[Body] = [
        {"functionCall": {"name": name, "args": args}} for _, name, args in script.calls
    ]
    for part in parts[:1]:
        part["thoughtSignature"] = SIGNATURE
    return parts


def _whole(asked: Asked, script: Script) -> Body:
    if "refuse" in asked.faults:
        return _blocked(asked)
    thoughts = [{"text": "".join(script.thought), "thought": True}] if script.thought else []
    return _answer(asked, [*thoughts, {"text": script.all_text}, *_calls(script)], "STOP")


def _answers(asked: Asked, script: Script) -> list[Body]:
    if "refuse" in asked.faults:
        return [_blocked(asked)]
    parts: list[Body] = [{"text": text, "thought": True} for text in script.thought]
    parts += [{"text": text} for text in script.text]
    pieces = [[part] for part in parts] + ([_calls(script)] if script.calls else [])
    last = len(pieces) - 1
    return [
        _answer(asked, piece, "STOP" if number == last else None)
        for number, piece in enumerate(pieces)
    ]
