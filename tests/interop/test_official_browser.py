"""The official clients and the daemon's browser, by way of their generic call."""

from tests.browser.needed import need_browser
from tests.interop.clients import ClientTestCase, make_classes


class BrowserTests(ClientTestCase):
    """browser.run and browser.close."""

    scenario = "browser"
    needs = "daemon_call"

    def setUp(self) -> None:
        need_browser()

    def test_scripts(self) -> None:
        """Either form of a script runs, in the same browser; a wrong condition fails its step."""
        (went,) = self.json("as_object")["steps"]
        self.assertEqual((went["op"], went["status"], went["error"]), ("navigate", "ok", None))
        seen, waited = self.json("as_text")["steps"]
        self.assertEqual(seen["data"]["url"], "about:blank")
        self.assertEqual(
            (waited["status"], waited["error"]), ("error", "unknown wait condition: load")
        )

    def test_bad_script(self) -> None:
        """A script that cannot be read raises, naming the field."""
        self.assert_raised("bad_script", "parse script: ", "url")
        self.assertEqual(self.code("bad_script"), -32602)

    def test_closed(self) -> None:
        """Closing says whether there was one."""
        self.assertEqual(self.json("close"), {"closed": True})
        self.assertEqual(self.json("close_again"), {"closed": False})
        self.assert_daemon_well()


make_classes((BrowserTests,), globals())
