"""OpenAI's own SDK accepts what the stand-ins say, and its types what we send."""

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
    REFUSAL,
)

TEXT = "".join(GREETING)
USAGE = [INPUT_TOKENS, OUTPUT_TOKENS]
WEATHER = [["get_weather", arguments] for arguments in CALLS]


class OpenAISDKTests(SDKTestCase):
    """The ``openai`` package against the stand-ins of chat, responses, embeddings and Azure."""

    sdk = "openai"
    bodies = {
        "open_ai_compat": full_body("open_ai_compat"),
        "open_ai_responses": full_body("open_ai_responses"),
        "azure_open_ai": full_body("azure_open_ai"),
    }

    def test_text(self) -> None:
        """Text, stop reason and usage, streamed and whole."""
        for step in ("chat", "chat whole", "azure", "azure whole"):
            self.assertOutcome(step, text=TEXT, stop="stop", usage=USAGE)
        for step in ("responses", "responses whole"):
            self.assertOutcome(step, text=TEXT, stop="completed", usage=USAGE)

    def test_faults(self) -> None:
        """However the octets are cut, and after 429 with Retry-After."""
        for name in ("chat", "responses"):
            for fault in ("split", "crlf", "comments", "split+crlf+comments", "limit"):
                self.assertOutcome(f"{name} {fault}", text=TEXT)

    def test_tools(self) -> None:
        """Parallel calls, and their results."""
        for step in ("chat tools", "chat tools whole", "responses tools"):
            self.assertOutcome(step, text="".join(LOOKING), calls=WEATHER)
        self.assertOutcome("chat results", text="".join(FORECAST))

    def test_content(self) -> None:
        """Images, structured output, reasoning items, vectors."""
        self.assertOutcome("chat image", text="Bilder: 1")
        self.assertOutcome("chat json", text="".join(JSON_TEXT))
        self.assertOutcome("responses reasoning", kinds=["reasoning", "message"])
        self.assertEqual(self.outcomes["embeddings"], [4, 4])

    def test_refusals(self) -> None:
        """Refusals are where the SDK looks for them."""
        for step in ("chat refuse", "chat refuse whole", "responses refuse"):
            self.assertOutcome(step, refusal=REFUSAL)
        self.assertOutcome("azure refuse", raised="BadRequestError", status=400)

    def test_errors(self) -> None:
        """Errors are those that the SDK knows."""
        for step in ("chat key", "azure key", "responses key"):
            self.assertOutcome(step, raised="AuthenticationError", status=401)
        self.assertOutcome("chat broken", raised="InternalServerError", status=503)
        self.assertOutcome("chat drop", raised="APIConnectionError")

    def test_our_requests(self) -> None:
        """The SDK's types take each member of what we send, and miss none."""
        for protocol in self.bodies:
            self.assertIsNone(self.outcomes[f"our {protocol}"], protocol)
