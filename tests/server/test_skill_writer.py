"""A model at work on skills: words for distilled ones, code for broken ones."""

from typing import Any

from car.inference.engine import Answer
from car.inference.errors import ProviderError
from car.inference.models import Local, ModelSchema
from car.inference.records import Completion, GenerateRequest
from car.ir.json import JsonObject
from tests.server.doubles import Peer, ServerCase

MODEL = ModelSchema(id="lab/writer:1", name="writer", source=Local("w.gguf"))
TRACE: list[JsonObject] = [
    {"kind": "action_succeeded", "tool": tool, "data": {"parameters": {"n": 1}}}
    for tool in ("open", "fill", "send") * 3
]


class Engine:
    """An engine that answers with *text*, or fails where that is None."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[GenerateRequest] = []

    async def generate(self, request: GenerateRequest, sink: Any = None) -> Answer:
        """Answer."""
        self.asked.append(request)
        if self.text is None:
            raise ProviderError("overloaded")
        return Answer(Completion(self.text), MODEL, "t-1-1", 1.0, None)

    def session_closed(self, client_id: str) -> None:
        """Nothing is under way."""


class SkillWriterTests(ServerCase):
    """skills.distill and skills.evolve with a model that the operator named."""

    def distilled(self, engine: Engine | None, method: str = "skills.distill") -> list[Any]:
        """What comes of the trace."""
        extra: dict[str, Any] = (
            {} if engine is None else {"inference": engine, "skill_writer": "lab/writer:1"}
        )
        self.serve(**extra)
        params: JsonObject = {"events": list(TRACE)}
        if method == "skills.evolve":
            params["domain"] = "global"
        found = self.result_of(self.peer(), method, params)
        assert isinstance(found, list)
        return found

    def test_words(self) -> None:
        """The model is pinned, sees the code, and its words stand with the rule's skill."""
        plain = self.distilled(None)
        self.assertTrue(plain)
        engine = Engine('{"description": "Sends a form.", "when_to_apply": "A form is open."}')
        for method in ("skills.distill", "skills.evolve"):
            found = self.distilled(engine, method)
            self.assertEqual(found[0]["description"], "Sends a form.")
            self.assertEqual(found[0]["when_to_apply"], "A form is open.")
            self.assertEqual(found[0]["code"], plain[0]["code"])
        request = engine.asked[0]
        self.assertEqual(request.model, "lab/writer:1")
        self.assertIn(plain[0]["code"][:20], request.prompt or "")

    def test_nothing_of_use(self) -> None:
        """A model that fails, or answers something else, leaves the plain words."""
        plain = self.distilled(None)
        for text in (
            None,
            "no JSON",
            '{"description": 7}',
            '{"description":" ","when_to_apply":""}',
        ):
            self.assertEqual(self.distilled(Engine(text)), plain)


class MendingTests(ServerCase):
    """skill.repair with a model that the operator named."""

    def repaired(
        self, engine: Engine, *, failures: int = 3, code: str = "click(#old)"
    ) -> tuple[JsonObject, Peer]:
        """What a repair answers after so many failures of a skill with that code."""
        self.serve(inference=engine, skill_writer="lab/writer:1")
        client = self.peer()
        client.call("skill.ingest", {"name": "buy", "code": code, "description": "Buys it."})
        for _ in range(failures):
            client.call("skill.report", {"skill_name": "buy", "outcome": "fail"})
        answer = self.result_of(client, "skill.repair", {"skill_name": "buy"})
        assert isinstance(answer, dict)
        return answer, client

    def test_mended(self) -> None:
        """The pinned model sees code, purpose and failures; what it answers is not kept."""
        engine = Engine('{"code": "click(#new)"}')
        answer, client = self.repaired(engine)
        self.assertEqual(answer, {"code": "click(#new)"})
        (request,) = engine.asked
        self.assertEqual(request.model, "lab/writer:1")
        for shown in ("click(#old)", "Buys it.", "3 times of 3"):
            self.assertIn(shown, request.prompt or "")
        kept = client.call("skill.meta", {"key": "buy"})
        assert isinstance(kept, dict)
        self.assertEqual(kept["code"], "click(#old)")

    def test_not_asked(self) -> None:
        """A skill that works, or whose code is too long to be shown whole, asks no model."""
        for options in ({"failures": 2}, {"code": "x" * 4_001}):
            engine = Engine('{"code": "click(#new)"}')
            self.assertEqual(self.repaired(engine, **options)[0], {"code": None})
            self.assertEqual(engine.asked, [])

    def test_proven_version(self) -> None:
        """An earlier version that worked goes before a model's guess."""
        engine = Engine('{"code": "guess()"}')
        self.serve(inference=engine, skill_writer="lab/writer:1")
        client = self.peer()
        for code, outcomes in (("good()", ["success"]), ("bad()", ["fail"] * 3)):
            client.call("skill.ingest", {"name": "buy", "code": code})
            for outcome in outcomes:
                client.call("skill.report", {"skill_name": "buy", "outcome": outcome})
        answer = client.call("skill.repair", {"skill_name": "buy"})
        self.assertEqual((answer, engine.asked), ({"code": "good()"}, []))

    def test_nothing_of_use(self) -> None:
        """A model that fails, gives up, or changes nothing is no repair."""
        for text in (None, "no JSON", '{"code": 7}', '{"code": " "}', '{"code": "click(#old)\\n"}'):
            self.assertEqual(self.repaired(Engine(text))[0], {"code": None})
