"""Tests of secret.*: the wire's shapes and codes, and that values go nowhere else."""

from pathlib import Path
from typing import Any

from keyring.backends import fail
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from car.ir.json import JsonObject
from car.secrets.names import PRIVATE_SERVICE
from car.secrets.store import SecretStore
from car.server.methods.secret import NewSecret
from tests.secrets.rings import LockedRing, offer
from tests.server.doubles import ServerCase
from tests.server.methods.calling import MethodTestCase
from tests.store.doubles import at_once

VALUE = "sesame-7Q"

NAMED = {"key": "TAVILY_API_KEY", "service": "car"}


class SecretCase(MethodTestCase):
    """A session of a daemon with a secret store."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.mktemp())
        self.keep("memory")

    def keep(self, backend: str) -> None:
        """Begin anew with that back end."""
        environ = {"CAR_SECRET_BACKEND": backend}
        self.store = SecretStore(self.root, environ, at_once, self.reactor)
        self.session.state.secrets = self.store

    def assertCode(self, code: str, name: str, params: JsonObject) -> str:
        """The call is refused with *code*; what it says."""
        error = self.error(name, params)
        self.assertEqual((error["code"], error["data"]), (-32603, {"code": code}))
        self.assertNotIn(VALUE, str(error))
        message: str = error["message"]
        return message


class SecretTests(SecretCase):
    """The methods, with a store that works."""

    def test_life(self) -> None:
        """Put, status, get, list, delete, in the shapes of the protocol."""
        key = {"key": "TAVILY_API_KEY"}
        self.assertEqual(self.call("secret.status", key), {**NAMED, "exists": False})
        put = self.call("secret.put", {**key, "value": VALUE})
        self.assertEqual(put, {**NAMED, "stored": True})
        self.assertEqual(self.call("secret.status", key), {**NAMED, "exists": True})
        self.assertEqual(self.call("secret.get", key), {**NAMED, "value": VALUE})
        listed = {"secrets": [{**NAMED, "exists": True}]}
        self.assertEqual(self.call("secret.list"), listed)
        self.assertEqual(self.call("secret.delete", key), {**NAMED, "deleted": True})
        self.assertEqual(self.call("secret.delete", key), {**NAMED, "deleted": False})
        self.assertEqual(self.call("secret.list"), {"secrets": []})
        self.assertEqual(self.call("secret.available"), {"available": True})

    def test_services(self) -> None:
        """The same key of two services is two secrets."""
        self.call("secret.put", {**NAMED, "value": VALUE, "service": "mail"})
        self.assertCode("not_found", "secret.get", NAMED)
        got = self.call("secret.get", {**NAMED, "service": "mail"})
        self.assertEqual((got["value"], got["service"]), (VALUE, "mail"))

    def test_reserved(self) -> None:
        """What the daemon keeps for itself can be neither reached nor seen."""
        mine = self.store.put("token", VALUE, PRIVATE_SERVICE)
        self.successResultOf(Deferred.fromCoroutine(mine))
        params = {"key": "token", "service": PRIVATE_SERVICE}
        for name in ("secret.get", "secret.delete", "secret.status"):
            self.assertCode("reserved_private_secret", name, params)
        self.assertCode("reserved_private_secret", "secret.put", {**params, "value": "x"})
        self.assertEqual(self.call("secret.list"), {"secrets": []})

    def test_invalid(self) -> None:
        """Names that are none and values too long have codes; what was sent is not repeated."""
        for name in ("secret.get", "secret.delete", "secret.status"):
            self.assertCode("invalid_key", name, {"key": f"{VALUE} {VALUE}"})
        self.assertCode("invalid_key", "secret.put", {"key": f"{VALUE}/", "value": VALUE})
        self.assertCode("invalid_key", "secret.get", {"key": "K", "service": ""})
        self.assertCode("invalid_value", "secret.put", {"key": "K", "value": VALUE * 10_000})

    def test_wrong_params(self) -> None:
        """Params of other types are -32602."""
        self.assertWrongParams("secret.put", {**NAMED, "value": "x"})
        for name in ("secret.get", "secret.delete", "secret.status"):
            self.assertWrongParams(name, NAMED)
        error = self.error("secret.put", {**NAMED, "value": {"x": VALUE}})
        self.assertNotIn(VALUE, error["message"])


class UnavailableTests(SecretCase):
    """The methods, where there is no store or it does not open."""

    def test_no_root(self) -> None:
        """A daemon that keeps nothing says so."""
        self.session.state.secrets = None
        for name, params in (
            ("secret.put", {**NAMED, "value": VALUE}),
            ("secret.get", NAMED),
            ("secret.delete", NAMED),
            ("secret.list", {}),
        ):
            self.assertIn("state directory", self.assertCode("unavailable", name, params))
        self.assertEqual(self.call("secret.status", NAMED), {**NAMED, "exists": None})
        self.assertIn("state directory", self.call("secret.available")["reason"])

    def test_no_keyring(self) -> None:
        """Without a keyring the text has what would help."""
        offer(self, fail.Keyring)
        self.keep("")
        told = self.assertCode("unavailable", "secret.put", {**NAMED, "value": VALUE})
        self.assertTrue(told.startswith("secret store unavailable: no OS keyring ("), told)
        self.assertEqual(self.call("secret.status", NAMED), {**NAMED, "exists": None})
        answer = self.call("secret.available")
        self.assertIs(answer["available"], False)
        self.assertIn("CAR_SECRET_BACKEND=file", answer["reason"])

    def test_locked(self) -> None:
        """A keyring that stays locked is unavailable at each use."""
        offer(self, LockedRing)
        self.keep("")
        self.assertIn("unlock", self.assertCode("unavailable", "secret.get", NAMED))
        self.assertEqual(self.call("secret.available"), {"available": True})


class LeakTests(ServerCase):
    """Where values could end up besides the keyring."""

    def test_nowhere(self) -> None:
        """No log event, journal or file has the value; this reactor cannot start a process."""
        directory = self.serve_journaled()
        root = Path(self.mktemp())
        environ = {"CAR_SECRET_BACKEND": "file"}
        state: Any = self.state
        state.secrets = SecretStore(root, environ, state.in_thread, self.clock)
        client = self.peer()
        client.call("state.set", {"key": "k", "value": 1})
        put = {"key": "K", "value": VALUE}
        with capturedLogs() as events:
            client.call("secret.put", put)
            self.assertEqual(client.call("secret.get", {"key": "K"})["value"], VALUE)
            for wrong in ({"service": PRIVATE_SERVICE}, {"key": "a b"}, {"service": 7}):
                client.error("secret.put", {**put, **wrong})
            (root / "secrets" / "secrets.json").write_bytes(b"{")
            client.error("secret.put", put)
            client.lose()
            self.later(60)
        self.assertNotIn(VALUE, str([(event, event.get("log_failure")) for event in events]))
        files = [path for top in (directory, root) for path in top.rglob("*") if path.is_file()]
        self.assertEqual(len(files), 4)
        for path in files:
            self.assertNotIn(VALUE.encode(), path.read_bytes())

    def test_text_form(self) -> None:
        """The params show names only, also in a traceback."""
        params = NewSecret("K", VALUE)
        self.assertEqual(repr(params), "NewSecret(key='K', service='car')")
        self.assertNotIn(VALUE, str(params) + f"{params}" + repr([params]))
        self.assertNotIn(VALUE, Failure(ValueError(params)).getTraceback())
