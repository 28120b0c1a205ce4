"""Anthropic's own SDK accepts what the stand-in says, and its types what we send."""

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


class AnthropicSDKTests(SDKTestCase):
    """The ``anthropic`` package against the stand-in of messages."""

    sdk = "anthropic"
    bodies = {"anthropic": full_body("anthropic")}

    def test_text(self) -> None:
        """Text, stop reason and usage, streamed and whole."""
        usage = [INPUT_TOKENS, OUTPUT_TOKENS]
        for step in ("messages", "messages whole"):
            self.assertOutcome(step, text=TEXT, stop="end_turn", usage=usage)

    def test_faults(self) -> None:
        """However the octets are cut, and after 429 with Retry-After."""
        for fault in ("split", "crlf", "comments", "split+crlf+comments", "limit"):
            self.assertOutcome(f"messages {fault}", text=TEXT)

    def test_tools(self) -> None:
        """Parallel calls, and their results."""
        for step in ("messages tools", "messages tools whole"):
            self.assertOutcome(step, text="".join(LOOKING), calls=WEATHER, stop="tool_use")
        self.assertOutcome("messages results", text="".join(FORECAST))

    def test_content(self) -> None:
        """Images, structured output, thinking."""
        self.assertOutcome("messages image", text="Bilder: 1")
        self.assertOutcome("messages json", text="".join(JSON_TEXT))
        self.assertOutcome("messages thinking", thought="".join(THOUGHT), text=TEXT)

    def test_refusals(self) -> None:
        """A refusal is a stop reason."""
        for step in ("messages refuse", "messages refuse whole"):
            self.assertOutcome(step, stop="refusal", text="")

    def test_errors(self) -> None:
        """Errors are those that the SDK knows."""
        self.assertOutcome("messages key", raised="AuthenticationError", status=401)
        self.assertOutcome("messages broken", raised="ServiceUnavailableError", status=503)
        self.assertOutcome("messages drop", raised="RemoteProtocolError")

    def test_our_request(self) -> None:
        """The SDK's types take each member of what we send, and miss none."""
        self.assertIsNone(self.outcomes["our anthropic"])
