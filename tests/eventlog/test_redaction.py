"""Redaction: values of configured keys stay out of the journal."""

from twisted.trial.unittest import SynchronousTestCase

from car.errors import CarError
from car.eventlog.line import parse_event
from car.eventlog.log import EventLog
from car.ir.json import JsonValue
from tests.eventlog.fakes import AT


class RedactionTests(SynchronousTestCase):
    """Values of configured keys."""

    def logged(self, data: JsonValue, *keys: str) -> JsonValue:
        """*data* as it stands in the journal with *keys* redacted."""
        log = EventLog("c-1", lambda: AT, redact=frozenset(keys), redact_key=b"k")
        log.record("state_changed", data)
        return parse_event(log.memory[0]).data

    def test_any_depth(self) -> None:
        """The value of a key is replaced wherever it stands, whatever it is."""
        data = {"password": "owl", "list": [{"in": {"password": {"a": 1}}}], "other": "owl"}
        found = self.logged(data, "password")
        self.assertEqual(found["other"], "owl")
        self.assertRegex(found["password"]["$redacted"], "^[0-9a-f]{64}$")
        self.assertEqual(list(found["list"][0]["in"]["password"]), ["$redacted"])

    def test_equal_values(self) -> None:
        """Equal values have equal digests, others have not."""
        found = self.logged({"a": {"s": {"x": 1, "y": 2}}, "b": {"s": {"y": 2, "x": 1}}}, "s")
        other = self.logged({"s": {"x": 1}}, "s")
        self.assertEqual(found["a"], found["b"])
        self.assertNotEqual(found["a"]["s"], other["s"])

    def test_state_key(self) -> None:
        """A state key is a key: the value beside it is replaced."""
        found = self.logged({"key": "token", "value": "owl", "operator": "eq"}, "token")
        self.assertEqual((found["key"], found["operator"]), ("token", "eq"))
        self.assertEqual(list(found["value"]), ["$redacted"])
        self.assertEqual(self.logged({"key": "k", "value": 1}, "token"), {"key": "k", "value": 1})

    def test_no_secret(self) -> None:
        """Keys without a secret to make digests under are a mistake of configuration."""
        self.assertRaises(CarError, EventLog, "c-1", lambda: AT, redact={"password"})

    def test_original_is_left_alone(self) -> None:
        """What was handed in keeps its values."""
        data = {"a": {"password": "owl"}}
        self.logged(data, "password")
        self.assertEqual(data, {"a": {"password": "owl"}})
