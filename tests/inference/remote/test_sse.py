"""The reader of server-sent events."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from car.inference.errors import ProviderError
from car.inference.remote.sse import EventReader, ServerSentEvent

STREAM = (
    "\ufeff: hello\n\nevent: a\ndata: Grüße ☕\ndata:  漢字\nid: 7\n\n"
    "data\n\nevent: lone\n\ndata: 🦉\n\ndata: [DONE]\n\n"
).encode()

EVENTS = [ServerSentEvent("a", "Grüße ☕\n 漢字"), ServerSentEvent("", "🦉")]


class EventReaderTests(SynchronousTestCase):
    """EventReader.feed."""

    def test_events(self) -> None:
        """Names and data; comments, ids, events without data and ``[DONE]`` are left out."""
        self.assertEqual(EventReader().feed(STREAM), EVENTS)

    @given(
        st.lists(st.integers(0, len(STREAM)), max_size=12), st.sampled_from(["\n", "\r", "\r\n"])
    )
    def test_cuts(self, cuts: list[int], line_end: str) -> None:
        """Cuts change nothing, in lines, line ends or characters, whatever ends the lines."""
        stream = STREAM.replace(b"\n", line_end.encode())
        reader = EventReader()
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        pieces = [stream[a:b] for a, b in pairwise(places)]
        self.assertEqual([event for piece in pieces for event in reader.feed(piece)], EVENTS)

    def test_at_once(self) -> None:
        """An event is there with its blank line, also one that ends with a lone CR."""
        reader = EventReader()
        self.assertEqual(reader.feed(b"data: x\r\r"), [ServerSentEvent("", "x")])
        self.assertEqual(reader.feed(b"\ndata: y\n\n"), [ServerSentEvent("", "y")])

    def test_bound(self) -> None:
        """An event that is too long ends the stream, in one line or in many; comments do not."""
        for piece in (b"data: 12345", b"data:1\ndata:2\n"):
            with self.assertRaises(ProviderError) as raised:
                EventReader(10).feed(piece)
            self.assertIn("more than 10 octets", str(raised.exception))
        self.assertEqual(EventReader(10).feed(b": 1234567\n" * 5 + b"data: x\n\n")[0].data, "x")
