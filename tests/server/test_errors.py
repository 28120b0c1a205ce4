"""Tests of car.server.errors: codes, prefixes, and defects that are not told."""

from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from car.engine.errors import ToolError
from car.errors import CarError
from car.ir.json import JsonLimitError, JsonObject, JsonSyntaxError, RecordError, decode
from car.policy.errors import PolicyError, UnknownScope
from car.proto.messages import ProtocolError
from car.server import errors
from car.server.auth import AuthError
from car.server.errors import error_answer
from car.state.errors import StateLimitError
from car.validator.errors import SchemaError


class ErrorAnswerTests(SynchronousTestCase):
    """error_answer"""

    def told(self, problem: Exception) -> JsonObject:
        error: JsonObject = decode(error_answer(b"7", Failure(problem), "m"))["error"]
        return error

    def test_codes(self) -> None:
        """Each failure has its code, and its sentence the code's prefix (§3)."""
        for problem, code, message in (
            (errors.InvalidParams("x: no"), -32602, "invalid params: x: no"),
            (PolicyError("x"), -32602, "invalid params: x"),
            (SchemaError("x"), -32602, "invalid params: x"),
            (StateLimitError("x"), -32602, "invalid params: x"),
            (RecordError("x"), -32602, "invalid params: x"),
            (JsonLimitError("x"), -32600, "invalid request: x"),
            (JsonSyntaxError("x"), -32700, "parse error: x"),
            (errors.MethodNotFound("a.b"), -32601, "method not found: a.b"),
            (errors.AuthRequired("x"), -32001, "x"),
            (errors.ApprovalDenied("x"), -32003, "x"),
            (errors.DeadlineExceeded("x"), -32004, "x"),
            (errors.HandshakeRequired("x"), -32005, "x"),
            (errors.VersionMismatch("x"), -32006, "x"),
            (errors.CapabilityMismatch("x"), -32008, "x"),
            (errors.Unsupported("x"), -32603, "x"),
            (errors.Forbidden("x"), -32603, "x"),
            (UnknownScope("s9"), -32603, "unknown policy session 's9'"),
            (AuthError("x"), -32603, "x"),
            (ToolError("x"), -32603, "x"),
            (CarError("x"), -32603, "x"),
        ):
            self.assertEqual(self.told(problem), {"code": code, "message": message})

    def test_machine_codes(self) -> None:
        """Some say in data what they are (decision 17)."""
        self.assertEqual(self.told(errors.Busy("x"))["data"], {"code": "busy"})
        self.assertEqual(self.told(errors.JournalUnavailable("x"))["data"], {"code": "journal"})

    def test_subclasses(self) -> None:
        """A kind of a failure has the code of what it is a kind of."""

        class Stricter(errors.InvalidParams):
            """One of its kind."""

        self.assertEqual(self.told(Stricter("x"))["code"], -32602)

    def test_protocol_error(self) -> None:
        """It knows its own code and id."""
        frame = error_answer(b"7", Failure(ProtocolError(-32600, "no", b'"a"')), "m")
        self.assertEqual(decode(frame)["id"], "a")

    def test_defect(self) -> None:
        """A defect is logged under the id that is told, and nothing of it is told."""
        error = self.told(ZeroDivisionError("/secret"))
        self.assertEqual((error["code"], error["message"]), (-32603, "internal error"))
        self.assertEqual(len(error["data"]["error_id"]), 16)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
