"""Tests of car.server.methods.notifications."""

from tests.server.methods.calling import MethodTestCase, machine

NOTICE = {"title": "Done", "body": "all of it"}


class NotificationTests(MethodTestCase):
    """notifications.local"""

    def test_no_backend(self) -> None:
        """Without a program nothing is delivered, which is no error."""
        self.assertEqual(
            self.call("notifications.local", NOTICE),
            {"delivered": False, "platform": "linux", "backend": None},
        )
        self.on(machine(platform="darwin"))
        self.assertEqual(self.call("notifications.local", NOTICE)["platform"], "macos")

    def test_delivered(self) -> None:
        """notify-send gets title and body, which cannot pass for options."""
        self.on(machine(programs=["notify-send"]))
        called = self.begin(
            "notifications.local", {"title": "-u", "body": "b", "subtitle": "s", "sound": True}
        )
        self.assertNoResult(called)
        (process,) = self.reactor.processes
        self.assertEqual(
            process.arguments, ["/bin/notify-send", "--app-name=car", "--", "-u", "s\nb"]
        )
        process.end()
        self.assertEqual(
            self.successResultOf(called),
            {"delivered": True, "platform": "linux", "backend": "notify-send"},
        )
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_not_delivered(self) -> None:
        """A program that fails, hangs or cannot be started has not delivered."""
        self.on(machine(programs=["notify-send"]))
        failed = self.begin("notifications.local", NOTICE)
        self.reactor.processes[-1].end(errors=b"no bus", status=1)
        hung = self.begin("notifications.local", NOTICE)
        self.reactor.advance(5)
        self.assertEqual(self.reactor.processes[-1].signals, ["KILL"])
        self.reactor.refusal = OSError(11, "Resource temporarily unavailable")
        unstarted = self.begin("notifications.local", NOTICE)
        for called in (failed, hung, unstarted):
            self.assertEqual(self.successResultOf(called)["delivered"], False)

    def test_wrong_params(self) -> None:
        """Params of wrong types, too long or with a NUL are -32602 by name."""
        self.assertWrongParams("notifications.local", {**NOTICE, "subtitle": "s"})
        for params in (
            {"body": "b"},
            {"title": "t"},
            {"title": "", "body": "b"},
            {"title": "t" * 1001, "body": "b"},
            {"title": "t\0", "body": "b"},
            {"title": "t", "body": "b", "subtitle": "\0"},
        ):
            self.assertEqual(self.error("notifications.local", params)["code"], -32602)
