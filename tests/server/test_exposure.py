"""Tests of car.server.exposure."""

from twisted.trial.unittest import SynchronousTestCase

from car.server.exposure import bind_exposure, exposure, is_loopback


class LoopbackTests(SynchronousTestCase):
    """Which addresses only this machine can reach."""

    def test_hosts(self) -> None:
        """Loopback is 127/8, ::1 in its forms, and the name localhost; nothing else."""
        for host in ("localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]", "::ffff:127.0.0.1"):
            self.assertTrue(is_loopback(host), host)
        for host in ("", "0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org"):
            self.assertFalse(is_loopback(host), host)


class ExposureTests(SynchronousTestCase):
    """What a listener lacks."""

    def test_unreachable(self) -> None:
        """What other machines cannot reach lacks nothing, authentication or not."""
        for endpoint in (
            "tcp:9100:interface=127.0.0.1",
            "tcp:port=9100:interface=localhost",
            r"tcp6:9100:interface=\:\:1",
            "haproxy:tcp:9100:interface=127.0.0.1",
            "unix:/run/car.sock",
            "systemd:domain=INET:index=0",
        ):
            self.assertIsNone(exposure(endpoint, auth_enabled=False), endpoint)

    def test_reachable(self) -> None:
        """What they can reach needs both authentication and TLS."""
        for endpoint in ("tcp:9100", "tcp:9100:interface=0.0.0.0", "haproxy:tcp:9100", "onion:80"):
            self.assertEqual(exposure(endpoint, auth_enabled=True), "TLS")
            self.assertEqual(exposure(endpoint, auth_enabled=False), "authentication and TLS")
        secure = "ssl:9443:privateKey=key.pem:certKey=cert.pem"
        self.assertIsNone(exposure(secure, auth_enabled=True))
        self.assertEqual(exposure(secure, auth_enabled=False), "authentication")

    def test_bind(self) -> None:
        """A plain HTTP listener is judged alike."""
        self.assertIsNone(bind_exposure("127.0.0.1:9102", auth_enabled=True))
        self.assertIsNone(bind_exposure("[::1]:9102", auth_enabled=True))
        self.assertEqual(bind_exposure("0.0.0.0:9102", auth_enabled=True), "TLS")
