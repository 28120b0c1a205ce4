"""Tests of car.server.auth."""

import os
import re
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.server.auth import (
    Authenticator,
    AuthError,
    Credentials,
    Role,
    Secret,
    SecretFile,
    new_secret,
)


class SecretTests(SynchronousTestCase):
    """A secret's text is shown to nobody and compared safely."""

    def test_fresh(self) -> None:
        """A fresh token has 43 base64url characters and is another one each time."""
        first, second = new_secret().reveal(), new_secret().reveal()
        self.assertTrue(re.fullmatch(r"[A-Za-z0-9_-]{43}", first))
        self.assertNotEqual(first, second)

    def test_hidden(self) -> None:
        """Neither repr, str nor a format shows the text."""
        secret = Secret("open sesame")
        for shown in (repr(secret), str(secret), f"{secret}", repr([secret])):
            self.assertNotIn("sesame", shown)

    def test_matches(self) -> None:
        """Only the very text matches, whatever octets the other one has."""
        secret = Secret("sésame")
        self.assertTrue(secret.matches("sésame"))
        for other in ("", "sesame", "sésam", "sésame ", "\ud800"):
            self.assertFalse(secret.matches(other))


class SecretFileTests(SynchronousTestCase):
    """The file: its modes, its replacement, its removal."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp()) / "ai.parslee.car"
        self.path = self.directory / "auth-token"

    def test_modes(self) -> None:
        """File 0600 and directory 0700 under every umask, and nothing else is left there."""
        for umask in (0o000, 0o022, 0o777):
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            before = os.umask(umask)
            try:
                SecretFile(self.path, Secret("s3")).write()
            finally:
                os.umask(before)
            self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(self.directory.stat().st_mode), 0o700)
            self.assertEqual(self.path.read_text(), "s3")
            self.assertEqual(os.listdir(self.directory), ["auth-token"])

    def test_replaces(self) -> None:
        """What an earlier daemon left is replaced, a loose mode and a symlink with it."""
        self.directory.mkdir(parents=True)
        elsewhere = self.directory / "elsewhere"
        elsewhere.write_text("untouched")
        self.path.symlink_to(elsewhere)
        SecretFile(self.path, Secret("s3")).write()
        self.assertFalse(self.path.is_symlink())
        self.assertEqual(elsewhere.read_text(), "untouched")
        self.assertEqual(self.path.read_text(), "s3")

    def test_removed(self) -> None:
        """Our own file goes; doing it again does nothing."""
        file = SecretFile(self.path, Secret("s3"))
        file.write()
        file.remove()
        file.remove()
        self.assertFalse(self.path.exists())

    def test_others_stay(self) -> None:
        """A file that another daemon has written since stays, even with the same token."""
        for text in ("other", "s3"):
            file = SecretFile(self.path, Secret("s3"))
            file.write()
            SecretFile(self.path, Secret(text)).write()
            file.remove()
            self.assertEqual(self.path.read_text(), text)

    def test_unwritable(self) -> None:
        """A failure is a sentence with the path and without the token, and leaves no draft."""
        self.path.mkdir(parents=True)
        file = SecretFile(self.path, Secret("s3cret"))
        problem = self.assertRaises(AuthError, file.write)
        self.assertEqual(
            str(problem), f"the token file {self.path} cannot be written: Is a directory"
        )
        self.assertEqual(os.listdir(self.directory), ["auth-token"])


class CredentialsTests(SynchronousTestCase):
    """The two tokens of a launch and their files."""

    def setUp(self) -> None:
        directory = Path(self.mktemp())
        self.auth, self.host = directory / "auth-token", directory / "host-token"

    def test_publish_and_withdraw(self) -> None:
        """Both files hold their tokens until they are withdrawn."""
        credentials = Credentials()
        credentials.publish(self.auth, self.host)
        self.assertTrue(credentials.token.matches(self.auth.read_text()))
        self.assertTrue(credentials.host_token.matches(self.host.read_text()))
        self.assertNotEqual(self.auth.read_text(), self.host.read_text())
        credentials.withdraw()
        self.assertEqual(os.listdir(self.auth.parent), [])

    def test_operators_token(self) -> None:
        """The operator's token is used as it is; the host token is fresh all the same."""
        credentials = Credentials(Secret("mine"))
        self.assertEqual(credentials.token.reveal(), "mine")
        self.assertEqual(len(credentials.host_token.reveal()), 43)

    def test_all_or_nothing(self) -> None:
        """When the second file cannot be written the first does not stay."""
        self.host.mkdir(parents=True)
        self.assertRaises(AuthError, Credentials().publish, self.auth, self.host)
        self.assertFalse(self.auth.exists())

    def test_hidden(self) -> None:
        """The tokens are not in what the object shows of itself."""
        credentials = Credentials(Secret("open sesame"))
        self.assertNotIn("sesame", repr(vars(credentials)))


class AuthenticatorTests(SynchronousTestCase):
    """What is let in, and as what."""

    def test_tokens(self) -> None:
        """Each token opens its own door only."""
        credentials = Credentials()
        gate = Authenticator(credentials)
        token, host_token = credentials.token.reveal(), credentials.host_token.reveal()
        self.assertTrue(gate.enabled)
        self.assertTrue(gate.host_token_exists)
        self.assertTrue(gate.check(token))
        self.assertFalse(gate.check(host_token))
        self.assertFalse(gate.check(""))
        self.assertTrue(gate.check_host(host_token))
        self.assertFalse(gate.check_host(token))

    def test_agents(self) -> None:
        """Agents' tokens are judged by whoever supervises them; nobody does so by default."""
        gate = Authenticator(Credentials())
        problem = self.assertRaises(AuthError, gate.check_agent, "a-1", "t")
        self.assertEqual(
            str(problem), "agent 'a-1' has no token here: this daemon does not supervise it"
        )
        supervised = Authenticator(
            Credentials(), lambda agent_id, token: (agent_id, token) == ("a", "t")
        )
        self.assertTrue(supervised.check_agent("a", "t"))
        self.assertFalse(supervised.check_agent("a", "u"))

    def test_open(self) -> None:
        """Without credentials every token will do and nobody needs the host role."""
        gate = Authenticator(None)
        self.assertFalse(gate.enabled)
        self.assertFalse(gate.host_token_exists)
        self.assertTrue(gate.check("x") and gate.check_host("x") and gate.check_agent("a", "x"))
        self.assertTrue(all(gate.has_host_rights(role) for role in Role))

    def test_host_rights(self) -> None:
        """Where a host token exists, only the host role has host rights."""
        gate = Authenticator(Credentials())
        self.assertEqual([role for role in Role if gate.has_host_rights(role)], [Role.HOST])
