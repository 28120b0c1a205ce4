"""Who may open a connection: Host and Origin (reliability notes, T1, T2)."""

from twisted.trial.unittest import SynchronousTestCase

from car.server.opening import InvalidOrigin, OpeningPolicy, header_values, read_origin


def head(host: str | None = "127.0.0.1:9100", *origins: str, name: str = "Origin") -> bytes:
    """The head of a request with these headers."""
    lines = ["GET / HTTP/1.1"]
    lines += [] if host is None else [f"Host: {host}"]
    lines += [f"{name}: {origin}" for origin in origins]
    return "\r\n".join(lines).encode()


class HostTests(SynchronousTestCase):
    """The Host header on TCP."""

    def status(self, host: str | None, policy: OpeningPolicy | None = None) -> int | None:
        refusal = (policy or OpeningPolicy()).refusal(head(host), is_unix=False)
        return None if refusal is None else refusal.status

    def test_loopback(self) -> None:
        """The names of loopback are ours, with any port or none, in any case."""
        for host in ("localhost", "LocalHost:9100", "127.0.0.1", "127.0.0.1:80", "[::1]:9100"):
            self.assertIsNone(self.status(host), host)

    def test_foreign(self) -> None:
        """Any other name is refused, also one that looks like ours."""
        for host in (
            "evil.example",
            "evil.example:9100",
            "localhost.evil.example:9100",
            "127.0.0.1.evil.example",
            "127.0.0.2",
            "127.0.0.1@evil.example",
            "evil.example#127.0.0.1",
            "localhost:9100:9100",
            "localhost:port",
            "localhost evil",
            "[::1",
            "::1",
            "0.0.0.0",
            "",
        ):
            self.assertEqual(self.status(host), 403, host)

    def test_allowed(self) -> None:
        """Hosts that the operator names are ours, loopback stays so, and nothing else is."""
        policy = OpeningPolicy.allowing(["Car.Example", "[fd00::1]", "192.0.2.7"])
        for host in ("car.example:443", "[fd00::1]:9100", "192.0.2.7", "localhost"):
            self.assertIsNone(self.status(host, policy), host)
        self.assertEqual(self.status("sub.car.example", policy), 403)

    def test_count(self) -> None:
        """There must be one Host header, no more and no less."""
        self.assertEqual(self.status(None), 400)
        twice = head("localhost") + b"\r\nhost: localhost"
        refusal = OpeningPolicy().refusal(twice, is_unix=False)
        assert refusal is not None
        self.assertEqual(refusal.status, 400)

    def test_unix_socket(self) -> None:
        """No name leads to a Unix socket, so any will do there."""
        self.assertIsNone(OpeningPolicy().refusal(head("whatever"), is_unix=True))


class OriginTests(SynchronousTestCase):
    """The Origin header, which browsers send and nobody else."""

    policy = OpeningPolicy.allowing(["car.example"], ["https://App.example", "tauri://localhost"])

    def status(self, host: str, *origins: str, is_unix: bool = False) -> int | None:
        refusal = self.policy.refusal(head(host, *origins), is_unix)
        return None if refusal is None else refusal.status

    def test_none(self) -> None:
        """Who sends no Origin is no browser, and welcome."""
        self.assertIsNone(self.status("localhost:9100"))

    def test_own(self) -> None:
        """A page that came from this very host and port is welcome."""
        for host, origin in (
            ("localhost:9100", "http://localhost:9100"),
            ("127.0.0.1:9100", "http://127.0.0.1:9100"),
            ("[::1]:9100", "http://[::1]:9100"),
            ("localhost", "http://localhost"),
            ("localhost", "http://localhost:80"),
            ("car.example", "https://car.example"),
            ("car.example:443", "https://car.example"),
        ):
            self.assertIsNone(self.status(host, origin), origin)

    def test_allowed(self) -> None:
        """So are the origins that the operator names, whatever the host."""
        for origin in ("https://app.example", "https://app.example:443", "tauri://localhost"):
            self.assertIsNone(self.status("localhost:9100", origin), origin)

    def test_foreign(self) -> None:
        """Any other origin is refused: other hosts, ports, schemes, and what is no origin."""
        for origin in (
            "null",
            "file://",
            "file:///home/user/page.html",
            "https://evil.example",
            "http://localhost:9101",
            "http://localhost",
            "http://127.0.0.1:9100",
            "https://app.example.evil.example",
            "https://evilapp.example",
            "http://app.example",
            "https://app.example:444",
            "https://app.example/",
            "https://user@app.example",
            "https://app.example https://evil.example",
            "https://app.example, https://evil.example",
            "http://localhost:9100@evil.example",
            "http://localhost:9100#",
            "http://localhost:port",
            "http://[::1",
            "//localhost:9100",
            "localhost:9100",
            "chrome-extension://abcdef",
            "",
        ):
            self.assertEqual(self.status("localhost:9100", origin), 403, origin)

    def test_two(self) -> None:
        """Two Origin headers are refused even if each were welcome."""
        own = "http://localhost:9100"
        self.assertEqual(self.status("localhost:9100", own, own), 403)

    def test_rebinding(self) -> None:
        """A page whose own name was made to lead here is refused, its Origin notwithstanding."""
        for host in ("evil.example:9100", "localhost.evil.example", "10.0.0.1:9100"):
            self.assertEqual(self.status(host, f"http://{host}"), 403, host)

    def test_unix_socket(self) -> None:
        """Behind a proxy on a Unix socket a foreign page is refused by any Host."""
        self.assertEqual(self.status("evil.example", "http://evil.example", is_unix=True), 403)
        self.assertEqual(self.status("whatever", "https://evil.example", is_unix=True), 403)
        self.assertIsNone(self.status("car.example", "https://car.example", is_unix=True))
        self.assertIsNone(self.status("whatever", "https://app.example", is_unix=True))

    def test_not_an_origin(self) -> None:
        """What the operator cannot have meant is refused with the text in the message."""
        for text in ("null", "*", "app.example", "https://app.example/path", "file:///x", ""):
            error = self.assertRaises(InvalidOrigin, OpeningPolicy.allowing, (), [text])
            self.assertIn(repr(text), str(error))


class ReadingTests(SynchronousTestCase):
    """The parsers beneath the policy."""

    def test_header_values(self) -> None:
        """Names are compared without case, values lose the spaces around them."""
        octets = b"GET /?host: x HTTP/1.1\r\nHOST :  a \r\nx-host: b\r\nno colon\r\nhost:\tc\t"
        self.assertEqual(header_values(octets, b"host"), ["a", "c"])

    def test_origins(self) -> None:
        """The default port is filled in where the scheme has one."""
        self.assertEqual(read_origin("HTTPS://A.example"), ("https", "a.example", 443))
        self.assertEqual(read_origin("http://[::1]:8"), ("http", "::1", 8))
        self.assertEqual(read_origin("app://x"), ("app", "x", 0))
