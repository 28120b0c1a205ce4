"""Tests of car.server.inference: how the parts are put together."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from car.application import the_reactor
from car.inference.remote.keys import KeyPools
from car.server import inference as inference_module
from car.server.admission import AdmissionGate
from car.server.inference import Inference
from tests.inference.doubles import FakeKeys


def make_inference(root: Path, reactor: Any) -> Inference:
    """The inference of a daemon with the state root *root*, whose threads are this one."""
    return Inference(
        root,
        reactor,
        FakeKeys(),
        maybeDeferred,
        reactor,
        reactor.seconds,
        local_gate=AdmissionGate(1, 1),
        remote_gate=AdmissionGate(1, 1),
        local_seconds=1.0,
    )


class FakeRemote:
    """A back end that puts itself among those *made*."""

    def __init__(
        self, made: "list[FakeRemote]", reactor: Any, keys: Any, pools: KeyPools, *, now: Any
    ) -> None:
        self.pools = pools
        made.append(self)

    def embed(self, model: Any, texts: Any) -> None:
        """Nothing is asked of it."""

    def close(self) -> "Deferred[None]":
        """Nothing is to be closed."""
        return succeed(None)


class StatisticsTests(SynchronousTestCase):
    """The statistics of keys, which back ends and models share."""

    def test_kept(self) -> None:
        """They are saved when the service stops, and are those that remote models go by."""
        root = Path(self.mktemp()).absolute()
        made: list[FakeRemote] = []
        self.patch(inference_module, "RemoteGenerator", partial(FakeRemote, made))
        inference = make_inference(root, Clock())
        self.assertIsNotNone(inference.engine)
        pools = made[0].pools
        pools.choose("https://host/v1", [("A", "sk-a")])
        pools.ended("https://host/v1", "A", None)
        inference.startService()
        self.successResultOf(inference.stopService())
        text = (root / "models" / "key_pool_stats.json").read_text("utf-8")
        self.assertIn('"successes": 1', text)


class Proxy(Resource):
    """An HTTP proxy that answers by itself."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    def render_GET(self, request: Request) -> bytes:
        """Say something."""
        self.asked.append(request.uri)
        return b"owl"


class PullTests(TestCase):
    """Where the files of models come from."""

    async def test_proxy(self) -> None:
        """They are fetched by way of the environment's proxy."""
        proxy = Proxy()
        port = the_reactor().listenTCP(0, Site(proxy), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        address = f"http://127.0.0.1:{port.getHost().port}"
        self.patch(os, "environ", {**os.environ, "http_proxy": address, "no_proxy": ""})
        agents: list[Any] = []
        self.patch(inference_module, "Puller", lambda reactor, files, agent: agents.append(agent))
        inference = make_inference(Path(self.mktemp()).absolute(), the_reactor())
        self.assertIsNotNone(inference.models)
        response = await agents[0].request(b"GET", b"http://hub.invalid/owl")
        self.assertEqual((response.code, proxy.asked), (200, [b"http://hub.invalid/owl"]))
