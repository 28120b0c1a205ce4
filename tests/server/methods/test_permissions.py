"""Tests of car.server.methods.permissions and of the probes of car.server.surroundings."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from car.server.methods.permissions import DOMAINS, UnknownDomain, finding
from car.server.surroundings import Surroundings
from tests.server.methods.calling import MethodTestCase, machine


class PermissionsTests(MethodTestCase):
    """permissions.*"""

    def statuses(self, here: Surroundings) -> dict[str, Any]:
        """The status of every domain on *here*."""
        self.on(here)
        return {
            domain: self.call("permissions.status", {"domain": domain})["status"]
            for domain in DOMAINS
        }

    def test_domains(self) -> None:
        """All ten, in the reference's order."""
        domains = self.call("permissions.domains")["domains"]
        self.assertEqual(domains, list(DOMAINS))
        self.assertEqual(len(domains), 10)

    def test_bare_linux(self) -> None:
        """Where there is nothing, what can be probed is denied and the rest means nothing."""
        statuses = self.statuses(machine())
        denied = {domain for domain, status in statuses.items() if status == "denied"}
        self.assertEqual(denied, {"browser", "screen_capture", "camera", "microphone"})
        self.assertEqual({statuses[domain] for domain in set(DOMAINS) - denied}, {"not_applicable"})

    def test_probes(self) -> None:
        """Each probe by what it looks for."""
        for here, granted in (
            (machine(programs=["chromium"]), "browser"),
            (machine(programs=["google-chrome"]), "browser"),
            (machine(programs=["/opt/chrome"], CAR_CHROME="/opt/chrome"), "browser"),
            (machine(DISPLAY=":1"), "screen_capture"),
            (machine(WAYLAND_DISPLAY="wayland-0"), "screen_capture"),
            (machine(readable=["/dev/video*"]), "camera"),
            (machine(readable=["/dev/snd/pcm*c"]), "microphone"),
            (machine(readable=["/run/u/pulse/native"], XDG_RUNTIME_DIR="/run/u"), "microphone"),
            (machine(readable=["/run/u/pipewire-0"], XDG_RUNTIME_DIR="/run/u"), "microphone"),
        ):
            statuses = self.statuses(here)
            self.assertEqual([d for d in DOMAINS if statuses[d] == "granted"], [granted])

    def test_chosen_browser(self) -> None:
        """A browser that the operator names and that is not there is not made up for."""
        here = machine(programs=["chromium"], CAR_CHROME="/opt/chrome")
        self.assertEqual(self.statuses(here)["browser"], "denied")

    def test_other_platforms(self) -> None:
        """macOS is not asked, and Windows has no such permissions."""
        self.assertEqual(set(self.statuses(machine(platform="darwin")).values()), {"unknown"})
        self.assertEqual(set(self.statuses(machine(platform="win32")).values()), {"not_applicable"})

    def test_request(self) -> None:
        """A request prompts nobody: the answer is the status; the bundle is told back."""
        params = {"domain": "camera", "target_bundle_id": "ai.example"}
        expected = {"domain": "camera", "status": "denied", "target_bundle_id": "ai.example"}
        self.assertEqual(self.call("permissions.request", params), expected)
        self.assertEqual(self.call("permissions.status", params), expected)

    def test_explain(self) -> None:
        """What is denied comes with a fix, the rest without."""
        answer = self.call("permissions.explain", {"domain": "microphone"})
        self.assertEqual(list(answer), ["domain", "status", "message", "fix", "target_bundle_id"])
        self.assertIn("audio group", answer["fix"])
        self.assertIsNone(answer["target_bundle_id"])
        answer = self.call("permissions.explain", {"domain": "mail"})
        self.assertEqual((answer["status"], answer["fix"]), ("not_applicable", None))
        self.on(machine(DISPLAY=":0"))
        answer = self.call("permissions.explain", {"domain": "screen_capture"})
        self.assertEqual((answer["status"], answer["fix"]), ("granted", None))

    def test_unknown_domain(self) -> None:
        """A domain that there is not is -32602 with its machine code and those there are."""
        for name in ("permissions.status", "permissions.request", "permissions.explain"):
            error = self.error(name, {"domain": "telepathy"})
            self.assertEqual(error["code"], -32602)
            self.assertEqual(error["data"], {"code": "invalid_domain"})
            self.assertIn("domain: unknown permission domain 'telepathy'", error["message"])

    @given(st.text())
    def test_any_domain(self, domain: str) -> None:
        """Any text is a domain or refused."""
        try:
            self.assertIn(finding(domain, machine()).status, ("denied", "not_applicable"))
        except UnknownDomain:
            self.assertNotIn(domain, DOMAINS)

    def test_wrong_params(self) -> None:
        """Params of wrong types are -32602 by name."""
        for name in ("permissions.status", "permissions.request", "permissions.explain"):
            self.assertWrongParams(name, {"domain": "mail", "target_bundle_id": "x"})
            self.assertIn("domain", self.error(name, {})["message"])

    def test_this_machine(self) -> None:
        """On the real machine every domain has a status."""
        for domain in DOMAINS:
            self.assertIn(
                finding(domain, Surroundings()).status,
                ("granted", "denied", "not_applicable", "unknown"),
            )
