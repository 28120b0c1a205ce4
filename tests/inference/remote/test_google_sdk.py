"""Google's own SDK accepts what the stand-in says, and its types what we send."""

from tests.inference.remote.bodies import full_body
from tests.inference.remote.sdks import SDKTestCase
from tests.inference.standins.script import (
    CALLS,
    FORECAST,
    GREETING,
    INPUT_TOKENS,
    JSON_TEXT,
    LOOKING,
    OUTPUT_TOKENS,
    THOUGHT,
)

TEXT = "".join(GREETING)
WEATHER = [["get_weather", arguments] for arguments in CALLS]


class GoogleSDKTests(SDKTestCase):
    """The ``google-genai`` package against the stand-in of generateContent."""

    sdk = "google"
    bodies = {"google": full_body("google")}

    def test_text(self) -> None:
        """Text, stop reason and usage, streamed and whole."""
        usage = [INPUT_TOKENS, OUTPUT_TOKENS]
        for step in ("content", "content whole"):
            self.assertOutcome(step, text=TEXT, stop="STOP", usage=usage)

    def test_faults(self) -> None:
        """However the octets are cut, and after 429 with Retry-After."""
        for fault in ("split", "crlf", "limit"):
            self.assertOutcome(f"content {fault}", text=TEXT)

    def test_tools(self) -> None:
        """Parallel calls, and their results with the signature of the first call."""
        for step in ("content tools", "content tools whole"):
            self.assertOutcome(step, text="".join(LOOKING), calls=WEATHER)
        self.assertOutcome("content results", text="".join(FORECAST))

    def test_content(self) -> None:
        """Images, structured output, thoughts."""
        self.assertOutcome("content image", text="Bilder: 1")
        self.assertOutcome("content json", text="".join(JSON_TEXT))
        self.assertOutcome("content thinking", thought="".join(THOUGHT), text=TEXT)

    def test_refusals(self) -> None:
        """A refused prompt has a block reason and no candidate."""
        self.assertOutcome("content refuse", refusal="PROHIBITED_CONTENT", stop=None)

    def test_errors(self) -> None:
        """Errors are those that the SDK knows."""
        self.assertOutcome("content key", raised="ClientError", status=401)
        self.assertOutcome("content broken", raised="ServerError", status=503)
        self.assertOutcome("content drop", raised="RemoteProtocolError")

    def test_our_request(self) -> None:
        """The SDK's types take each member of what we send."""
        self.assertIsNone(self.outcomes["our google"])
