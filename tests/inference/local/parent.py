"""A daemon of sorts that a test kills: it starts a worker, tells its id and waits.

It is run as a program, with the path of an ONNX model and of its tokenizer.
"""

import sys
from typing import Any

from twisted.internet import reactor as _reactor  # noqa: TID251 - a program of its own

from car.inference.errors import InferenceError
from car.inference.local.workers import BACKENDS
from car.ir.json import JsonObject
from car.worker.process import WorkerProcess

reactor: Any = _reactor


def main(weights: str, tokenizer: str) -> None:
    """Start a worker and print its process id, and its directory, once it works."""
    options: JsonObject = {
        "backend": "onnx",
        "path": weights,
        "tokenizer": tokenizer,
        "context": 8,
        "threads": 1,
    }
    worker = WorkerProcess(reactor, "onnx", BACKENDS, lambda: options, [InferenceError])
    worker.call("tokenize", {"text": "owl"}).addCallback(lambda _: print(worker.pid, flush=True))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
