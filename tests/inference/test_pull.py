"""Tests of car.inference.pull against a server on the loopback interface."""

import hashlib
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from car.application import the_reactor
from car.inference import pull
from car.inference.errors import InvalidRequest, PullFailed
from car.inference.local.locate import ModelFiles
from car.inference.models import Local, ModelSchema
from car.inference.pull import (
    Completed,
    Failed,
    FileCompleted,
    FileProgress,
    FileStarted,
    Puller,
    PullEvent,
    Started,
)
from car.inference.remote.ways import RoutedAgent, hostname_ways

CONTENT = bytes(range(256)) * 1_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Files(Resource):
    """Serves CONTENT under any path; a test says what goes wrong."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str | None]] = []
        self.has_ranges = True
        self.status: int | None = None
        self.says_length = True
        self.breaks_off_after: int | None = None
        self.hangs_after: int | None = None
        self.hanging: Deferred[None] = Deferred()
        self.redirects = False
        self.shift = 0

    def render_GET(self, request: Request) -> Any:
        """Answer as told."""
        wanted = request.getHeader("Range")
        self.asked.append((request.path.decode(), wanted))
        if self.redirects:
            self.redirects = False
            request.redirect(b"/elsewhere")
            return b""
        if self.status is not None:
            request.setResponseCode(self.status)
            self.status = None
            return b""
        start = 0
        if wanted is not None and self.has_ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-")) + self.shift
            request.setResponseCode(206)
            last = len(CONTENT) - 1
            request.setHeader("Content-Range", f"bytes {start}-{last}/{len(CONTENT)}")
        rest = CONTENT[start:]
        if self.says_length:
            request.setHeader("Content-Length", str(len(rest)))
        if self.breaks_off_after is not None:
            request.write(rest[: self.breaks_off_after])
            self.breaks_off_after = None
            request.loseConnection()
            return NOT_DONE_YET
        if self.hangs_after is not None:
            request.write(rest[: self.hangs_after])
            request.notifyFinish().addErrback(lambda _: self.hanging.callback(None))
            return NOT_DONE_YET
        return rest


class PullTestCase(TestCase):
    """A puller into a directory of its own, and a server."""

    def setUp(self) -> None:
        self.served = Files()
        site = Site(self.served)
        reactor = the_reactor()
        self.port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.base = f"http://127.0.0.1:{self.port.getHost().port}"
        self.files = ModelFiles(Path(self.mktemp()).absolute())
        self.puller = Puller(reactor, self.files, Agent(reactor), hub=self.base)
        self.events: list[PullEvent] = []
        self.place = self.files.directory / "owl.gguf"
        self.part = self.files.directory / "owl.gguf.part"

    def through(self, proxy: str) -> None:
        """Pull by way of *proxy*."""
        reactor = the_reactor()
        pool = HTTPConnectionPool(reactor, persistent=False)
        ways = hostname_ways(reactor, 10.0)
        agent = RoutedAgent(reactor, pool, {"http": proxy}, ways)
        self.puller = Puller(reactor, self.files, agent, hub=self.base)

    def model(self, **members: Any) -> ModelSchema:
        """A model that is served, with its size and checksum unless *members* say otherwise."""
        known = {"url": f"{self.base}/owl", "sha256": SHA256, "size_bytes": len(CONTENT)}
        source = Local(**{"path": "owl.gguf", **known, **members})
        return ModelSchema(id="lab/owl:1", name="owl", source=source)

    def pull(self, **members: Any) -> "Deferred[Path]":
        """Pull the model."""
        return self.puller.pull(self.model(**members), self.events.append)

    async def failed_pull(self, **members: Any) -> str:
        """Pull the model in vain; what the failure says."""
        failure = await self.assertFailure(self.pull(**members), PullFailed)
        self.assertEqual(self.events[-1], Failed(str(failure)))
        return str(failure)

    def hold_part(self, size: int) -> None:
        """Have *size* octets from earlier."""
        self.files.directory.mkdir(parents=True)
        self.part.write_bytes(CONTENT[:size])

    def assert_pulled(self) -> None:
        """The file is there, whole, and nothing else."""
        self.assertEqual(self.place.read_bytes(), CONTENT)
        self.assertEqual(list(self.files.directory.iterdir()), [self.place])


class PullTests(PullTestCase):
    """Puller.pull: the ways it ends well."""

    async def test_whole(self) -> None:
        """A file is fetched, checked and told from beginning to end."""
        self.assertEqual(await self.pull(), self.place)
        self.assert_pulled()
        self.assertEqual(
            [event for event in self.events if not isinstance(event, FileProgress)],
            [
                Started("lab/owl:1", 1, 0.256),
                FileStarted("owl.gguf", 0, 1, 0.256),
                FileCompleted("owl.gguf"),
                Completed("lab/owl:1"),
            ],
        )

    async def test_nothing_known(self) -> None:
        """Without size and checksum, and from a server that tells no length, it works too."""
        self.served.says_length = False
        await self.pull(sha256=None, size_bytes=None)
        self.assert_pulled()

    async def test_progress(self) -> None:
        """Progress within a file is told now and then."""
        self.patch(pull, "PROGRESS_SECONDS", 0.0)
        await self.pull()
        told = [event for event in self.events if isinstance(event, FileProgress)]
        self.assertEqual(told[-1], FileProgress("owl.gguf", 0.256, 0.256))

    async def test_there_already(self) -> None:
        """What is there is not fetched again."""
        await self.pull()
        self.events.clear()
        await self.pull()
        self.assertEqual(self.events, [Started("lab/owl:1", 0, 0.0), Completed("lab/owl:1")])
        self.assertEqual(len(self.served.asked), 1)

    async def test_resume(self) -> None:
        """What was fetched earlier is not fetched again."""
        self.hold_part(1_000)
        await self.pull()
        self.assert_pulled()
        self.assertEqual(self.served.asked, [("/owl", "bytes=1000-")])

    async def test_whole_part(self) -> None:
        """A part that is whole is only checked."""
        self.hold_part(len(CONTENT))
        await self.pull()
        self.assert_pulled()
        self.assertEqual(self.served.asked, [])

    async def test_no_ranges(self) -> None:
        """A server without ranges sends the whole, which takes the part's place."""
        self.served.has_ranges = False
        self.hold_part(1_000)
        await self.pull()
        self.assert_pulled()

    async def test_wrong_range(self) -> None:
        """An answer for another range than was asked for is not appended: it begins anew."""
        self.served.shift = 1
        self.hold_part(1_000)
        await self.pull()
        self.assert_pulled()
        self.assertEqual([wanted for _, wanted in self.served.asked], ["bytes=1000-", None])

    async def test_range_refused(self) -> None:
        """A server that refuses the range (416) is asked for the whole."""
        self.served.status = 416
        self.hold_part(1_000)
        await self.pull()
        self.assert_pulled()

    async def test_redirect(self) -> None:
        """Redirects are followed."""
        self.served.redirects = True
        await self.pull()
        self.assertEqual([path for path, _ in self.served.asked], ["/owl", "/elsewhere"])

    async def test_proxy(self) -> None:
        """An agent that goes through a proxy asks that for the whole address."""
        self.through(self.base)
        await self.pull(url="http://hub.invalid/owl")
        self.assert_pulled()
        self.assertEqual(self.served.asked, [("http://hub.invalid/owl", None)])

    async def test_repository(self) -> None:
        """Files of repositories lie where the hub has them; an ONNX model's tokenizer too."""
        source = Local(
            hf_repo="lab/owl",
            hf_filename="owl.onnx",
            tokenizer_repo="lab/words",
            format="onnx",
        )
        model = replace(self.model(), source=source)
        path = await self.puller.pull(model, self.events.append)
        self.assertEqual(
            [path for path, _ in self.served.asked],
            ["/lab/owl/resolve/main/owl.onnx", "/lab/words/resolve/main/tokenizer.json"],
        )
        tokenizer = self.files.find_tokenizer(model, path)
        self.assertEqual(tokenizer.name, "owl.onnx.tokenizer.json")


class FailedPullTests(PullTestCase):
    """Puller.pull: the ways it goes wrong."""

    async def test_disconnect(self) -> None:
        """A server that breaks off fails the pull; the next one goes on from there."""
        self.served.breaks_off_after = 5_000
        said = await self.failed_pull()
        self.assertRegex(said, r"^127.0.0.1:\d+ broke off owl.gguf after 5000 octets; pull it")
        self.assertFalse(self.place.exists())
        await self.pull()
        self.assert_pulled()
        self.assertEqual(self.served.asked[-1][1], "bytes=5000-")

    async def test_short(self) -> None:
        """An answer that ends early without a word is noticed by its size."""
        self.served.says_length = False
        self.assertIn("broke off", await self.failed_pull(size_bytes=len(CONTENT) + 1))

    async def test_too_long(self) -> None:
        """A file of another size than it should have is not kept."""
        said = await self.failed_pull(size_bytes=10)
        self.assertEqual(said, f"owl.gguf has {len(CONTENT)} octets, not the 10 expected")
        self.assertEqual(list(self.files.directory.iterdir()), [])

    async def test_wrong_checksum(self) -> None:
        """A file with another checksum is not kept."""
        said = await self.failed_pull(sha256="0" * 64)
        self.assertEqual(said, f"owl.gguf has another checksum (SHA-256) than expected: {SHA256}")
        self.assertEqual(list(self.files.directory.iterdir()), [])

    async def test_status(self) -> None:
        """An error status is told."""
        self.served.status = 404
        self.assertRegex(await self.failed_pull(), r"^127.0.0.1:\d+ answered 404 for owl.gguf$")

    async def test_no_server(self) -> None:
        """A server that is not there is told."""
        await self.port.stopListening()
        self.assertIn("cannot reach 127.0.0.1", await self.failed_pull())

    async def test_no_proxy(self) -> None:
        """A proxy that cannot be gone through is told."""
        self.through("socks5://127.0.0.1:1")
        said = await self.failed_pull()
        self.assertRegex(said, r"^cannot reach 127.0.0.1:\d+: The proxy for http must be an http")

    async def test_silence(self) -> None:
        """A server that stops sending is not waited for forever."""
        self.patch(pull, "SILENCE_SECONDS", 0.05)
        self.served.hangs_after = 1_000
        self.assertRegex(await self.failed_pull(), r"sent nothing for 0.05 s$")
        await self.served.hanging

    async def test_full_disk(self) -> None:
        """What does not fit on the disk is not begun."""
        usage = namedtuple("usage", "total used free")
        self.patch(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1_000_000))
        said = await self.failed_pull()
        self.assertIn("owl.gguf needs 0 MB more, 1 MB are free in ", said)

    async def test_unwritable(self) -> None:
        """A directory that cannot be written to is told."""
        self.files.directory.parent.mkdir()
        self.files.directory.write_bytes(b"a file")
        self.assertIn("cannot be written", await self.failed_pull())

    async def test_cancel(self) -> None:
        """Cancelling closes the connection and keeps what was fetched."""
        self.served.hangs_after = 1_000
        arrived: Deferred[None] = Deferred()
        self.patch(pull, "PROGRESS_SECONDS", 0.0)

        def event_received(event: PullEvent) -> None:
            self.events.append(event)
            if isinstance(event, FileProgress):
                arrived.callback(None)

        pulling = self.puller.pull(self.model(), event_received)
        await arrived
        twice = await self.assertFailure(self.pull(), PullFailed)
        self.assertEqual(str(twice), "model 'lab/owl:1' is being pulled already")
        pulling.cancel()
        await self.assertFailure(pulling, CancelledError)
        self.assertEqual(self.events[-1], Failed("cancelled"))
        await self.served.hanging
        self.assertEqual(self.part.read_bytes(), CONTENT[:1_000])

    async def test_impossible(self) -> None:
        """A model without a URL, with a wrong one, or in a package cannot be pulled."""
        for members, why in (
            ({"url": None}, "must be an http or https URL"),
            ({"url": "file:///etc/passwd"}, "must be an http or https URL"),
            ({"path": "package:owls"}, "pip install --no-deps owls"),
            ({"path": "../owl.gguf"}, "source.path"),
        ):
            failure = await self.assertFailure(self.pull(**members), InvalidRequest)
            self.assertIn(why, str(failure))
            self.assertIsInstance(self.events[-1], Failed)
        self.assertEqual(self.served.asked, [])
