"""A client that outlives its connection: it reconnects, and sets up its session anew."""

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from car.client.backoff import Backoff
from car.client.client import connect
from car.client.errors import Disconnected


async def main(reactor):
    client = await connect(reactor=reactor, reconnect=Backoff(initial=0.1))
    await client.register_tool(lambda: "pong", name="ping")
    await client.state_set("stage", "built")
    back = Deferred()
    client.on_disconnect(lambda reason: print("disconnected"))
    client.on_reconnect(lambda: back.callback(None))
    client.on("server.draining", lambda params: print("the daemon stops", params))

    # Five wrong tokens make the daemon hang up: a way to lose the connection on purpose.
    attempts = [client.call("session.auth", {"token": "wrong"}) for _ in range(5)]
    waiting = client.call("proposal.submit", {"proposal": {"actions": []}})
    for attempt in [*attempts, waiting]:
        attempt.addErrback(lambda failure: failure.trap(Exception))
    await back

    print("reconnected; the state is a new one:", await client.state_get("stage"))
    ping = {"id": "a1", "type": "tool_call", "tool": "ping"}
    result = await client.submit({"actions": [ping]})
    print("the tool is there again:", result.results[0].output)
    await client.close()
    try:
        await client.state_get("stage")
    except Disconnected as problem:
        print(problem)


react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
