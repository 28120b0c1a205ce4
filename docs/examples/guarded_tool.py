"""A policy that stands between a plan and a tool, and a tool that fails on its own terms."""

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from car.client.client import connect
from car.client.errors import RpcError, ToolFailed
from car.policy.rules import PolicyDefinition


def shell(command: str) -> str:
    """Pretend to run a command."""
    if command == "deploy":
        raise ToolFailed("cluster unreachable", {"terminal": True})
    return f"ran {command}"


async def main(reactor):
    client = await connect(reactor=reactor)
    await client.register_tool(shell)
    await client.register_policy(
        PolicyDefinition(
            name="no-rm", rule="deny_tool_param", target="shell", key="command", pattern="rm -rf"
        )
    )
    for command in ("ls", "rm -rf /", "deploy"):
        call = {"id": "a1", "type": "tool_call", "tool": "shell"}
        result = await client.submit({"actions": [{**call, "parameters": {"command": command}}]})
        (action,) = result.results
        print(command, "->", action.status, action.output if action.succeeded else action.error)
    try:
        await client.call("state.wipe")
    except RpcError as problem:
        print(problem.code, problem)
    await client.close()


react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
