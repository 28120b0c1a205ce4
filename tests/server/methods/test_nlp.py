"""Tests of nlp.* as far as the wire goes; the rules are tested with car.nlp."""

from car.proto import codes
from car.server.methods.nlp import MOST_CHARS
from tests.server.methods.calling import MethodTestCase
from tests.store.doubles import at_once

TEXT = {"text": "Où est la tour de Eiffel ?"}


class NlpTests(MethodTestCase):
    """The three methods."""

    def setUp(self) -> None:
        super().setUp()
        self.session.state.in_thread = at_once

    def test_results(self) -> None:
        """Each in the shape of the protocol, with the backend's name."""
        self.assertEqual(
            self.call("nlp.identify_language", TEXT), {"language": "fr", "backend": "fallback"}
        )
        self.assertEqual(
            self.call("nlp.identify_language", {"text": ""}),
            {"language": None, "backend": "fallback"},
        )
        self.assertEqual(
            self.call("nlp.tokenize", {"text": "a b."}),
            {"tokens": ["a", "b", "."], "backend": "fallback"},
        )
        self.assertEqual(
            self.call("nlp.extract_entities", TEXT),
            {
                "entities": [{"text": "Eiffel", "kind": "entity", "byte_range": [19, 25]}],
                "backend": "fallback",
            },
        )

    def test_wrong_params(self) -> None:
        """No text, another type, and too long a text are -32602."""
        for name in ("nlp.identify_language", "nlp.tokenize", "nlp.extract_entities"):
            self.assertWrongParams(name, TEXT)
            for params in ({}, {"text": "x" * (MOST_CHARS + 1)}):
                self.assertEqual(self.error(name, params)["code"], codes.INVALID_PARAMS)
