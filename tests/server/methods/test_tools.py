"""Tests of tools.*."""

from car.ir.json import JsonObject
from tests.server.doubles import ServerCase, submission, tool_call

LINT = {
    "name": "lint",
    "description": "run linter",
    "parameters": {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
}


class ToolsTests(ServerCase):
    """tools.register, list and unregister."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.peer()

    def names(self) -> list[str]:
        return [tool["name"] for tool in self.client.call("tools.list")["tools"]]

    def test_register(self) -> None:
        """An array or an object of tools; the answer counts this call's."""
        self.assertEqual(self.client.call("tools.register", [LINT, {"name": "deploy"}]), 2)
        self.assertEqual(self.client.call("tools.register", {"tools": [{"name": "a"}]}), 1)
        self.assertEqual(self.client.call("tools.register", []), 0)
        self.assertEqual(self.names(), ["a", "deploy", "lint"])

    def test_list(self) -> None:
        """Members with defaults are filled in."""
        self.client.call("tools.register", [{"name": "x", "cache_ttl_secs": 5}])
        self.assertEqual(
            self.client.call("tools.list"),
            {
                "tools": [
                    {
                        "name": "x",
                        "description": "",
                        "parameters": {},
                        "idempotent": False,
                        "cache_ttl_secs": 5,
                    }
                ],
                "count": 1,
            },
        )

    def test_replaced(self) -> None:
        """A name that is registered again is replaced."""
        self.client.call("tools.register", [{"name": "lint"}])
        self.client.call("tools.register", [LINT])
        self.assertEqual(self.client.call("tools.list")["tools"][0]["description"], "run linter")
        result = self.client.call("proposal.submit", submission(tool_call("a")))["results"][0]
        self.assertEqual(result["status"], "rejected")
        self.assertIn("tool 'lint' parameter validation", result["error"])

    def test_all_or_none(self) -> None:
        """One schema that cannot be used refuses the whole call, and is named."""
        schemas: tuple[JsonObject, ...] = (
            {"type": 7},
            {"$ref": "http://127.0.0.1:1/schema.json"},
            {"$ref": "file:///etc/passwd"},
            {"properties": []},
        )
        for schema in schemas:
            error = self.client.error(
                "tools.register", [{"name": "good"}, {"name": "bad", "parameters": schema}]
            )
            self.assertEqual(error["code"], -32602)
            self.assertIn("bad", error["message"])
        for limit in ({"max_calls": 0, "interval_secs": 1}, {"max_calls": 1, "interval_secs": 0}):
            error = self.client.error("tools.register", [{"name": "bad", "rate_limit": limit}])
            self.assertEqual(error["code"], -32602)
        self.assertEqual(self.names(), [])

    def test_unregister(self) -> None:
        """A tool goes; an unknown name is no error."""
        self.client.call("tools.register", [LINT])
        for removed in (1, 0):
            self.assertEqual(
                self.client.call("tools.unregister", {"name": "lint"}),
                {"unregistered": "lint", "removed": removed},
            )
        result = self.client.call("proposal.submit", submission(tool_call("a")))["results"][0]
        self.assertEqual(result["error"], "tool 'lint' is not registered")

    def test_not_shared(self) -> None:
        """Each connection has tools of its own."""
        self.client.call("tools.register", [LINT])
        self.assertEqual(self.peer().call("tools.list")["count"], 0)
