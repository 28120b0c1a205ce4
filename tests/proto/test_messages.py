"""Tests of car.proto.messages: what is a message, and what a frame looks like."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from twisted.trial.unittest import SynchronousTestCase

from car.ir.json import decode, encode
from car.proto.codes import INVALID_REQUEST, PARSE_ERROR
from car.proto.messages import (
    Answer,
    ProtocolError,
    Request,
    error_frame,
    notification_frame,
    parse,
    request_frame,
    result_frame,
)
from tests.ir.strategies import VALUES

IDS = (
    b"0", b"1", b"-7", b"1.0", b"1e3", b"-0.5", b"123456789012345678901234567890",
    b'""', b'"a"', b'"cb-1"', b'"a\\"b\\\\c\\n"', b'"\\u00e9\\ud83e\\udd89"', '"öwl"'.encode(),
)  # fmt: skip

BAD_IDS = (b"null", b"true", b"false", b"{}", b'{"a":1}', b"[]", b"[1]")


class RequestTests(SynchronousTestCase):
    """parse: requests and notifications."""

    def request(self, payload: bytes) -> Request:
        message = parse(payload)
        assert isinstance(message, Request)
        return message

    def test_request(self) -> None:
        """Id, method and params come out; the params stay as they were written."""
        message = self.request(b'{"jsonrpc":"2.0","id":41,"method":"m","params":{"b":1, "a":2}}')
        self.assertEqual((message.id, message.method), (b"41", "m"))
        assert message.params is not UNSET
        self.assertEqual(bytes(message.params), b'{"b":1, "a":2}')

    def test_order_of_members(self) -> None:
        """Members may stand in any order, with blanks between them and others beside them."""
        message = self.request(b' { "params" : [ ] ,"x":{}, "method":"m", "id" : 3 } ')
        self.assertEqual((message.id, message.method), (b"3", "m"))

    def test_without_jsonrpc(self) -> None:
        """Hand-written clients forget the version (rule 1)."""
        self.assertEqual(self.request(b'{"id":1,"method":"m"}').id, b"1")

    def test_wrong_version(self) -> None:
        """Another version is refused under the request's own id."""
        for version in (b'"1.0"', b"2.0", b"2", b"null", b"[]"):
            payload = b'{"jsonrpc":%b,"id":"x","method":"m"}' % version
            refused = self.assertRaises(ProtocolError, parse, payload)
            self.assertEqual((refused.code, refused.id), (INVALID_REQUEST, b'"x"'))
            self.assertIn("jsonrpc", str(refused))

    def test_ids_keep_their_type(self) -> None:
        """A number or a text is echoed as it was written (rule 2)."""
        for id in IDS:
            message = self.request(b'{"id":%b,"method":"m"}' % id)
            self.assertEqual(message.id, id)
            frame = result_frame(id, b"1")
            self.assertIn(b'"id":%b,' % id, frame)
            decode(frame)

    def test_bad_ids(self) -> None:
        """Any other id is -32600, answered under null."""
        for id in BAD_IDS:
            for rest in (b'"method":"m"', b'"result":1'):
                refused = self.assertRaises(ProtocolError, parse, b'{"id":%b,%b}' % (id, rest))
                self.assertEqual((refused.code, refused.id), (INVALID_REQUEST, b"null"))
                self.assertIn("id", str(refused))

    def test_notification(self) -> None:
        """A method without an id is a notification (rule 3)."""
        self.assertIsNone(self.request(b'{"jsonrpc":"2.0","method":"m","params":{}}').id)

    def test_method_beside_result(self) -> None:
        """What has a method is no answer, whatever else it has."""
        self.assertEqual(self.request(b'{"id":1,"method":"m","result":1}').method, "m")

    def test_method_is_no_text(self) -> None:
        """A method of another type is -32600 and names the member."""
        for method in (b"1", b"null", b"[]", b"{}", b"true"):
            refused = self.assertRaises(ProtocolError, parse, b'{"id":1,"method":%b}' % method)
            self.assertEqual(refused.code, INVALID_REQUEST)
            self.assertIn("method", str(refused))

    def test_duplicate_keys(self) -> None:
        """The last of two members of one name wins."""
        self.assertEqual(self.request(b'{"id":1,"id":2,"method":"a","method":"b"}').method, "b")


class AnswerTests(SynchronousTestCase):
    """parse: answers to our own requests."""

    def answer(self, payload: bytes) -> Answer:
        message = parse(payload)
        assert isinstance(message, Answer)
        return message

    def test_result(self) -> None:
        """A result stays raw, also null."""
        for result in (b"null", b"[1, 2]", b'"text"'):
            message = self.answer(b'{"jsonrpc":"2.0","id":"cb-1","result":%b}' % result)
            assert message.result is not UNSET
            self.assertEqual((message.id, bytes(message.result)), ("cb-1", result))
            self.assertIsNone(message.error)

    def test_error(self) -> None:
        """An error gives its text."""
        error = b'{"code":-32000,"message":"cluster unreachable","data":{"x":1}}'
        message = self.answer(b'{"id":"cb-4","error":%b}' % error)
        assert message.error is not None
        self.assertEqual(message.error.text, "cluster unreachable")
        self.assertIs(message.result, UNSET)

    def test_null_error(self) -> None:
        """A null error is none: the result beside it counts."""
        message = self.answer(b'{"id":"cb-1","error":null,"result":5}')
        self.assertIsNone(message.error)
        self.assertIsNot(message.result, UNSET)
        message = self.answer(b'{"id":"cb-1","error":null}')
        self.assertEqual((message.error, message.result), (None, UNSET))

    def test_both(self) -> None:
        """Both members are kept; a failure is never taken for a success by the parser."""
        message = self.answer(b'{"id":"cb-1","error":{"message":"x"},"result":5}')
        assert message.error is not None
        self.assertEqual(message.error.text, "x")

    def test_neither(self) -> None:
        """An id alone, or nothing at all, is -32600 under that id."""
        for payload, id in ((b'{"id":7}', b"7"), (b"{}", b"null"), (b'{"result":1}', b"null")):
            refused = self.assertRaises(ProtocolError, parse, payload)
            self.assertEqual((refused.code, refused.id), (INVALID_REQUEST, id))

    def test_odd_errors(self) -> None:
        """An error of any shape still tells something."""
        for error, text in (
            (b'"boom"', "boom"),
            (b"5", "5"),
            (b"[1]", "[1]"),
            (b"{}", "the client answered with an error"),
            (b'{"message":null}', "the client answered with an error"),
            (b'{"message":{"a":1}}', "{'a': 1}"),
            (b'{"message":"x","data":1e400}', "x"),
        ):
            message = self.answer(b'{"id":"cb-1","error":%b}' % error)
            assert message.error is not None
            self.assertIn(text, message.error.text)

    def test_id_out_of_range(self) -> None:
        """An answer whose id no number can hold is refused like any number out of range."""
        for id in (b"1e400", b"1" * 5000):
            refused = self.assertRaises(ProtocolError, parse, b'{"id":%b,"result":1}' % id)
            self.assertEqual(refused.code, INVALID_REQUEST)


class NoMessageTests(SynchronousTestCase):
    """parse: everything that is no message."""

    def refusal(self, payload: bytes) -> tuple[int, bytes]:
        refused = self.assertRaises(ProtocolError, parse, payload)
        return refused.code, refused.id

    def test_no_json(self) -> None:
        """What is not JSON is -32700 under null."""
        for payload in (
            b"", b" ", b"{", b"}", b"nope", b'{"id":1,}', b"{'id':1}", b'{"id":1,"params":NaN}',
            b'{"id":1,"method":"\\ud800"}', b'\xef\xbb\xbf{"id":1,"method":"m"}',
            '{"id":1,"method":"m"}'.encode("utf-16"), b'{"id":01,"method":"m"}', b"\x00", b"{}{}",
        ):  # fmt: skip
            self.assertEqual(self.refusal(payload), (PARSE_ERROR, b"null"), payload)

    def test_no_object(self) -> None:
        """JSON that is no object is -32600 under null."""
        for payload in (b"1", b'"a"', b"null", b"true", b"1.5"):
            self.assertEqual(self.refusal(payload), (INVALID_REQUEST, b"null"), payload)

    def test_batches(self) -> None:
        """A batch is refused as one, and the sentence says so."""
        for payload in (b"[]", b' [{"id":1,"method":"m"}]', b"[1,2]"):
            refused = self.assertRaises(ProtocolError, parse, payload)
            self.assertEqual((refused.code, refused.id), (INVALID_REQUEST, b"null"))
            self.assertIn("batches", str(refused))

    def test_nesting(self) -> None:
        """256 levels are read, 257 and a great many are -32600."""
        self.assertIsInstance(parse(nested(256)), Request)
        for depth in (257, 1100, 1_000_000):
            self.assertEqual(self.refusal(nested(depth)), (INVALID_REQUEST, b"null"))

    def test_brackets_in_text(self) -> None:
        """Brackets inside a text do not nest."""
        payload = b'{"id":1,"method":"m","params":["%b"]}' % (b"[{" * 1000)
        self.assertIsInstance(parse(payload), Request)

    @given(VALUES)
    def test_any_value(self, value: Any) -> None:
        """Any JSON value is a message or a ProtocolError, never anything else."""
        self.only_protocol_errors(encode(value))

    @given(
        st.dictionaries(
            st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]),
            st.one_of(VALUES, st.sampled_from(["2.0", "cb-1", "m"])),
        )
    )
    def test_any_envelope(self, value: Any) -> None:
        """Nor does any combination of the members of an envelope."""
        self.only_protocol_errors(encode(value))

    @given(st.binary(max_size=60))
    def test_any_octets(self, payload: bytes) -> None:
        """Nor do any octets."""
        self.only_protocol_errors(payload)

    def only_protocol_errors(self, payload: bytes) -> None:
        try:
            self.assertIsInstance(parse(payload), Request | Answer)
        except ProtocolError as refused:
            self.assertIn(refused.code, (PARSE_ERROR, INVALID_REQUEST))
            decode(error_frame(refused.id, refused.code, str(refused)))


class FrameTests(SynchronousTestCase):
    """What we send."""

    def test_result(self) -> None:
        """The result member is written, also when null (rule 5)."""
        self.assertEqual(result_frame(b"1", b"null"), b'{"jsonrpc":"2.0","id":1,"result":null}')

    def test_error(self) -> None:
        """An error has a code and a text, and data where there is some."""
        self.assertEqual(
            decode(error_frame(b'"a"', -32601, 'no "m"')),
            {"jsonrpc": "2.0", "id": "a", "error": {"code": -32601, "message": 'no "m"'}},
        )
        error = decode(error_frame(b"null", -32603, "x", {"code": "busy"}))["error"]
        self.assertEqual(error["data"], {"code": "busy"})

    def test_request_and_notification(self) -> None:
        """Ours carry a text id, or none."""
        self.assertEqual(
            decode(request_frame("cb-1", b"tools.execute", b'{"a":1}')),
            {"jsonrpc": "2.0", "id": "cb-1", "method": "tools.execute", "params": {"a": 1}},
        )
        self.assertEqual(
            decode(notification_frame("host.event", b"{}")),
            {"jsonrpc": "2.0", "method": "host.event", "params": {}},
        )


def nested(depth: int) -> bytes:
    """A request whose text nests *depth* levels, the envelope being the first."""
    arrays = depth - 1
    return b'{"id":1,"method":"m","params":%b}' % (b"[" * arrays + b"]" * arrays)
