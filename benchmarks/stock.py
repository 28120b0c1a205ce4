"""The base that the wire benchmarks compare with: stock Autobahn on Twisted.

    python benchmarks/stock.py echo|callbacks PORT

``echo`` sends back what comes.  ``callbacks`` is the plainest tool-callback loop there can
be: json, one ``addTimeout`` a call, ``gatherResults``; no validation, no policy, no journal.
"""

import json
import sys
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import defer, reactor

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Echo(WebSocketServerProtocol):
    """Sends every message back."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


class Callbacks(WebSocketServerProtocol):
    """Answers ``proposal.submit`` after calling every action's tool at once."""

    def onOpen(self) -> None:
        self.pending: dict[str, defer.Deferred[Any]] = {}
        self.count = 0

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        message = json.loads(payload)
        if "method" in message:
            actions = message["params"]["proposal"]["actions"]
            calls = [self.call(action["tool"], action["parameters"]) for action in actions]
            defer.gatherResults(calls).addCallback(self.answer, message["id"], actions)
        else:
            waiting = self.pending.pop(message["id"], None)
            if waiting is not None:
                waiting.callback(message["result"])

    def call(self, tool: str, parameters: dict[str, Any]) -> "defer.Deferred[Any]":
        self.count += 1
        id = f"cb-{self.count}"
        waiting = self.pending[id] = defer.Deferred()
        waiting.addTimeout(60, reactor)
        params = {
            "action_id": id,
            "tool": tool,
            "parameters": parameters,
            "timeout_ms": None,
            "attempt": 1,
        }
        self.send({"jsonrpc": "2.0", "method": "tools.execute", "id": id, "params": params})
        return waiting

    def answer(self, outputs: list[Any], id: Any, actions: list[Any]) -> None:
        results = [
            {"action_id": action["id"], "status": "succeeded", "output": output["output"]}
            for action, output in zip(actions, outputs, strict=True)
        ]
        self.send({"jsonrpc": "2.0", "id": id, "result": {"results": results}})

    def send(self, message: Any) -> None:
        self.sendMessage(_encode(message).encode())


def main(kind: str, port: str) -> None:
    factory = WebSocketServerFactory()
    factory.protocol = {"echo": Echo, "callbacks": Callbacks}[kind]
    reactor.listenTCP(int(port), factory, backlog=4096, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:3])
