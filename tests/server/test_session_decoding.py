"""Tests of car.server.session: the decoder's table (``reliability.md`` §4)."""

import json

from tests.server.doubles import (
    ServerCase,
)


class DecoderTests(ServerCase):
    """The decoder's table (``reliability.md`` §4), through a session."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def tearDown(self) -> None:
        """Whatever was sent, the session lives on."""
        self.assertEqual(self.client.call("state.exists", {"key": "never"}), False)

    def code(self, payload: bytes) -> int:
        """The error code of the one answer to *payload*."""
        (answer,) = self.client.turn(payload)
        code = answer["error"]["code"]
        assert isinstance(code, int)
        return code

    def set_to(self, text: bytes) -> bytes:
        """A ``state.set`` of the JSON text *text*."""
        return b'{"id":1,"method":"state.set","params":{"key":"k","value":%b}}' % text

    def test_not_json(self) -> None:
        """NaN, lone surrogates, BOMs and UTF-16 are no JSON."""
        self.assertEqual(self.code(self.set_to(b"NaN")), -32700)
        self.assertEqual(self.code(self.set_to(b"-Infinity")), -32700)
        self.assertEqual(self.code(self.set_to(b'"\\ud800"')), -32700)
        self.assertEqual(self.code(b"\xef\xbb\xbf" + self.set_to(b"1")), -32700)
        self.assertEqual(self.code(self.set_to(b"1").decode().encode("utf-16")), -32700)

    def test_numbers_out_of_range(self) -> None:
        """1e400 and an integer of 5,000 digits are JSON beyond the limits."""
        for number in (b"1e400", b"-1e400", b"7" * 5000, b'{"a":[%b]}' % (b"7" * 5000)):
            self.assertEqual(self.code(self.set_to(number)), -32600)

    def test_large_integers(self) -> None:
        """Integers up to 4,300 digits keep every digit."""
        for digits in (b"12345678901234567890123", b"-" + b"9" * 23, b"8" * 4300):
            self.assertEqual(self.client.turn(self.set_to(digits))[0]["result"], "ok")
            self.client.turn(b'{"id":2,"method":"state.get","params":{"key":"k"}}')
            answer = self.client.connection.writes[-1][0]
            self.assertEqual(answer, b'{"jsonrpc":"2.0","id":2,"result":%b}' % digits)

    def test_nesting(self) -> None:
        """A message nests 256 levels at most; two of them are the envelope and the params."""
        for depth, code in ((254, None), (255, -32600), (1100, -32600), (100_000, -32600)):
            (answer,) = self.client.turn(self.set_to(b"[" * depth + b"]" * depth))
            self.assertEqual(answer.get("error", {}).get("code"), code)
        value = self.client.call("state.get", {"key": "k"})
        for _ in range(253):
            (value,) = value
        self.assertEqual(value, [])

    def test_duplicate_keys(self) -> None:
        """The last wins, in the envelope, in params and in values."""
        self.client.turn(
            b'{"id":1,"method":"nope","method":"state.set",'
            b'"params":{"key":"a","key":"k","value":{"x":1,"x":2}}}'
        )
        self.assertEqual(self.client.call("state.get", {"key": "k"}), {"x": 2})

    def test_text(self) -> None:
        """Any text comes back as it went: control characters, separators, beyond the BMP."""
        for text in ("\x00\x1b[31m", "\u2028\u2029", "🦉", '\n\r\t"\\', "\x7f", ""):
            self.client.call("state.set", {"key": text, "value": text})
            self.assertEqual(self.client.call("state.get", {"key": text}), text)

    def test_numbers(self) -> None:
        """Numbers keep their kind: 1 and 1.0 differ."""
        for number in (1, 1.0, -0.0, 5e-324, 1.7976931348623157e308, 2**63, 2**64, -(2**70)):
            self.client.call("state.set", {"key": "k", "value": number})
            value = self.client.call("state.get", {"key": "k"})
            self.assertEqual((value, type(value)), (number, type(number)))

    def test_no_traces(self) -> None:
        """No answer to anything odd tells a file, a line or a traceback (T19)."""
        for payload in (
            b"", b"[]", b"{}", b"1", b'{"id":null}', b'{"id":{},"method":"x"}',
            b'{"id":1,"method":"state.get","params":"x"}', self.set_to(b"1e400"),
            b'{"id":1,"method":"proposal.submit","params":{"proposal":{"actions":7}}}',
        ):  # fmt: skip
            (answer,) = self.client.turn(payload)
            told = json.dumps(answer)
            for trace in ("Traceback", "/", ".py", "object at"):
                self.assertNotIn(trace, told)
