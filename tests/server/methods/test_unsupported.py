"""Tests of car.server.methods.unsupported and car.server.methods.automation."""

from hypothesis import given
from hypothesis import strategies as st

from car.server.methods.unsupported import REASONS
from tests.server.methods.calling import MethodTestCase

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


class UnsupportedTests(MethodTestCase):
    """The methods that the reference has and this daemon will not."""

    def test_messages(self) -> None:
        """Each answers -32603 with its name and the reason (decision 13)."""
        for name, reason in REASONS.items():
            error = self.error(name)
            self.assertEqual(error["code"], -32603)
            self.assertEqual(error["message"], f"{name} is not supported by this daemon: {reason}")

    def test_documented(self) -> None:
        """The protocol's table of tier 3 is covered."""
        for name in (
            "auth.status",
            "auth.start",
            "parslee.auth",
            "openrouter.status",
            "openai_codex.status",
            "mobile.runtime",
            "models.route_provenance",
            "messaging.config.get",
            "concierge.ask",
        ):
            self.assertIn(name, REASONS)
            self.assertIn("-32603", self.methods[name].handler.__doc__ or "")

    @given(values)
    def test_any_params(self, params: object) -> None:
        """Whatever the params, the answer is the same."""
        error = self.error("auth.start", params)
        self.assertEqual(error["code"], -32603)

    def test_capabilities(self) -> None:
        """Nobody is signed in to the vendor's cloud, and a hint says why."""
        answer = self.call("parslee.capabilities")
        self.assertEqual(list(answer), ["authenticated", "hint"])
        self.assertIs(answer["authenticated"], False)

    def test_unknown(self) -> None:
        """What nobody knows is not registered, so that it is -32601."""
        for name in ("assistant.start", "lattice.x", "fleet.list", "browser.view.open"):
            self.assertNotIn(name, self.methods)


class AutomationTests(MethodTestCase):
    """automation.*"""

    def test_messages(self) -> None:
        """The reference's own words on a platform without the program."""
        prefix = "automation backend not supported on this platform: "
        for name, params, end in (
            ("run_applescript", {"script": "beep"}, "osascript is only available on macOS"),
            ("run_powershell", {"script": "beep"}, "PowerShell is only available on Windows"),
            ("shortcuts.list", {}, "shortcuts CLI is only available on macOS"),
            ("shortcuts.run", {"name_or_id": "x"}, "shortcuts CLI is only available on macOS"),
        ):
            error = self.error(f"automation.{name}", params)
            self.assertEqual((error["code"], error["message"]), (-32603, prefix + end))

    def test_no_approval(self) -> None:
        """What is not supported is said before anybody is asked to approve it."""
        self.configure(approvals=True)
        self.error("automation.run_applescript", {"script": "beep"})
        self.call("mail.send", {"account_id": "a"})
        self.assertEqual(self.host.approvals(), [])

    def test_wrong_params(self) -> None:
        """Params of wrong types are -32602 by name."""
        self.assertWrongParams(
            "automation.run_applescript",
            {"script": "s", "language": "javascript", "args": ["a"], "timeout_ms": 5},
        )
        self.assertWrongParams("automation.run_powershell", {"script": "s", "timeout_ms": 5})
        self.assertWrongParams(
            "automation.shortcuts.list", {"folder": "f", "with_identifiers": True}
        )
        self.assertWrongParams(
            "automation.shortcuts.run", {"name_or_id": "n", "output_type": "o", "timeout_ms": 5}
        )
        error = self.error("automation.run_applescript", {"script": "s", "language": "perl"})
        self.assertEqual(error["code"], -32602)
