"""Services of speech on loopback, in the formats that they publish; the text carries faults.

``SpeechServer`` is OpenAI's "Create speech", ``ElevenLabsServer`` ElevenLabs' "Stream speech"
and "List voices".  A text with ``(cut)`` is answered up to the middle, ``(stall)`` up to there
and then nothing, ``(busy)`` with 429, ``(broken)`` with 500, ``(empty)`` with no audio, and
``(nonsense)`` with what is none.
"""

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from car.voice.speech.waves import wave_header

KEY = "xi-stand-in-0123456789"
RATE = 24_000

PCM = bytes(range(256)) * 400
"""What every text sounds like: 2.1 s."""

MP3 = b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" * 10_000

VOICES = {"voices": [{"voice_id": "voice-one", "name": "One"}, {"voice_id": "two", "name": "Two"}]}

_WRITTEN_AT_ONCE = 5_000
_FAULTS = ("cut", "stall", "busy", "broken", "empty", "nonsense")


class Service(Resource):
    """What both have in common.  ``requests`` are those it got: path, headers, members;
    ``gone`` fires when the client of an answer that stalls has gone."""

    isLeaf = True

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__()
        self._clock = clock
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.gone: Deferred[None] = Deferred()

    def note(self, request: Request) -> dict[str, Any]:
        """The members of *request*, which is kept."""
        headers = {
            name.decode().lower(): values[-1].decode()
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        content = request.content.read() if request.content else b""
        body: dict[str, Any] = json.loads(content or b"{}")
        self.requests.append((request.uri.decode(), headers, body))
        return body

    def send(self, request: Any, text: str, audio: bytes, complaint: Any) -> int:
        """Answer with *audio* in chunks, or with the fault in *text*; *complaint* makes the
        body of an error out of a code and a message."""
        fault = next((fault for fault in _FAULTS if f"({fault})" in text), "")
        if fault in ("busy", "broken"):
            status = 429 if fault == "busy" else 500
            return refuse(request, status, complaint(fault, f"The server is {fault}. {KEY}"))
        if fault == "empty":
            audio = b""
        if fault == "nonsense":
            audio = b"<html>Welcome</html>" * 10
        end = len(audio) // 2 if fault in ("cut", "stall") else len(audio)
        pieces = [audio[at : min(at + _WRITTEN_AT_ONCE, end)] for at in range(0, end, 5_000)]
        request.notifyFinish().addErrback(lambda _: self.gone.callback(None))
        self._write(request, pieces, fault)
        return NOT_DONE_YET

    def _write(self, request: Any, pieces: list[bytes], fault: str) -> None:
        """Write one piece a turn, as a synthesiser would."""
        if request._disconnected:
            return
        if pieces:
            request.write(pieces[0])
            self._clock.callLater(0, self._write, request, pieces[1:], fault)
        elif fault == "cut":
            request.transport.abortConnection()
        elif fault != "stall":
            request.finish()


class SpeechServer(Service):
    """OpenAI's ``/v1/audio/speech``, without a key."""

    def render_POST(self, request: Request) -> int:
        """Create speech."""
        body = self.note(request)
        known = {"model", "input", "voice", "response_format", "speed", "instructions"}
        if not {"model", "input", "voice"} <= set(body) <= known or len(body["input"]) > 4_096:
            return refuse(request, 400, _openai_complaint("invalid", f"Wrong members: {body}"))
        is_mp3 = body.get("response_format", "mp3") == "mp3"
        request.setHeader(b"Content-Type", b"audio/mpeg" if is_mp3 else b"audio/wav")
        audio = MP3 if is_mp3 else wave_header(0, RATE)[:-4] + b"\xff\xff\xff\xff" + PCM
        return self.send(request, body["input"], audio, _openai_complaint)


class ElevenLabsServer(Service):
    """ElevenLabs, which knows one KEY; ``voices`` is the list of the account."""

    def __init__(self, clock: IReactorTime) -> None:
        super().__init__(clock)
        self.voices: dict[str, Any] = VOICES

    def render_GET(self, request: Request) -> "bytes | int":
        """List voices."""
        self.note(request)
        if request.getHeader("xi-api-key") != KEY:
            return refuse(request, 401, _elevenlabs_complaint("invalid_api_key", "Invalid key"))
        if request.path != b"/v1/voices":
            return refuse(request, 404, _elevenlabs_complaint("not_found", "Not Found"))
        return json.dumps(self.voices).encode()

    def render_POST(self, request: Request) -> int:
        """Stream speech."""
        body = self.note(request)
        if (key := request.getHeader("xi-api-key")) != KEY:
            said = f"Invalid API key {key}"
            return refuse(request, 401, _elevenlabs_complaint("invalid_api_key", said))
        known = {
            *("text", "model_id", "language_code", "voice_settings"),
            *("previous_text", "next_text"),
        }
        sound = (request.args or {}).get(b"output_format", [b""])[0].decode()
        if not {"text"} <= set(body) <= known or sound not in ("mp3_44100_128", f"pcm_{RATE}"):
            return refuse(request, 422, _elevenlabs_complaint("invalid", f"Wrong: {body}"))
        audio = MP3 if sound.startswith("mp3") else PCM
        return self.send(request, body["text"], audio, _elevenlabs_complaint)


class SilentSite(Site):
    """A site without an access log."""

    def log(self, request: object) -> None:
        """Write nothing."""


def refuse(request: Request, status: int, body: dict[str, Any]) -> int:
    """Answer with an error."""
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"application/json")
    request.write(json.dumps(body).encode())
    request.finish()
    return NOT_DONE_YET


def _openai_complaint(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code}}


def _elevenlabs_complaint(status: str, message: str) -> dict[str, Any]:
    return {"detail": {"status": status, "message": message}}
