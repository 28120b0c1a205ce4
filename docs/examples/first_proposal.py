"""Register two tools, look at a plan, have it run."""

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react

from car.client.client import connect
from car.ir.proposal import Action, ActionProposal


def count_words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


async def main(reactor):
    async def read_file(path: str, pause: float = 0.0) -> str:
        """The text of a file; this one is made up."""
        await deferLater(reactor, pause)
        return f"the text of {path}"

    client = await connect(reactor=reactor)
    await client.register_tool(read_file, idempotent=True)
    await client.register_tool(count_words)
    plan = ActionProposal(
        source="example",
        actions=[
            Action(id="read", type="tool_call", tool="read_file", parameters={"path": "notes.md"}),
            Action(
                id="count",
                type="tool_call",
                tool="count_words",
                parameters={"text": "$read.output"},
                dependencies=["read"],
            ),
        ],
    )
    report = await client.verify(plan)
    print("valid:", report.valid, "order:", report.execution_levels)
    result = await client.submit(plan)
    for action in result.results:
        print(action.action_id, action.status, action.output)
    await client.close()


react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
