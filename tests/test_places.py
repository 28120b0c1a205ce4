"""Tests of car.places."""

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from car.errors import SettingsError
from car.places import (
    find_places,
    make_private_directory,
    port_socket,
    resolve,
    token_files,
)

HOME = {"HOME": "/home/ada"}
RUNTIME = HOME | {"XDG_RUNTIME_DIR": "/run/user/7"}


class FindPlacesTests(SynchronousTestCase):
    """The places on each platform, with and without a root of one's own."""

    def test_runtime_directory(self) -> None:
        """With XDG_RUNTIME_DIR, tokens and socket lie there and the rest under ~/.car."""
        places = find_places(RUNTIME, "linux")
        self.assertEqual(places.root, Path("/home/ada/.car"))
        self.assertEqual(places.auth_token, Path("/run/user/7/ai.parslee.car/auth-token"))
        self.assertEqual(places.host_token, Path("/run/user/7/ai.parslee.car/host-token"))
        self.assertEqual(places.socket, Path("/run/user/7/ai.parslee.car/car-server.sock"))
        self.assertEqual(places.lock, Path("/home/ada/.car/run/daemon.lock"))
        self.assertEqual(places.pid, Path("/home/ada/.car/run/daemon.pid"))
        self.assertEqual(places.journals, Path("/home/ada/.car/journals"))

    def test_no_runtime_directory(self) -> None:
        """Without it, or with a relative one, tokens lie under ~/.config."""
        for environ in (HOME, HOME | {"XDG_RUNTIME_DIR": "run"}):
            places = find_places(environ, "linux")
            self.assertEqual(places.auth_token, Path("/home/ada/.config/ai.parslee.car/auth-token"))
            self.assertEqual(places.socket, Path("/home/ada/.car/run/car-server.sock"))

    def test_root_of_ones_own(self) -> None:
        """With CAR_HOME everything lies below it, whatever XDG_RUNTIME_DIR says."""
        for platform in ("linux", "darwin"):
            places = find_places(RUNTIME, platform, "/srv/car")
            self.assertEqual(places.auth_token, Path("/srv/car/ai.parslee.car/auth-token"))
            self.assertEqual(places.socket, Path("/srv/car/run/car-server.sock"))
            self.assertEqual(places.lock, Path("/srv/car/run/daemon.lock"))

    def test_macos(self) -> None:
        """On macOS tokens lie in Application Support."""
        places = find_places(HOME, "darwin")
        self.assertEqual(
            places.host_token,
            Path("/home/ada/Library/Application Support/ai.parslee.car/host-token"),
        )

    def test_windows(self) -> None:
        """On Windows tokens lie in LOCALAPPDATA, and there is no Unix socket."""
        environ = {"USERPROFILE": r"C:\ada", "LOCALAPPDATA": r"C:\ada\Local"}
        places = find_places(environ, "win32")
        self.assertEqual(places.root, Path(r"C:\ada") / ".car")
        self.assertEqual(places.auth_token, Path(r"C:\ada\Local") / "ai.parslee.car" / "auth-token")
        self.assertIsNone(places.socket)
        self.assertIsNone(find_places(environ, "win32", r"D:\car").socket)
        del environ["LOCALAPPDATA"]
        self.assertIn("AppData", str(find_places(environ, "win32").auth_token))

    def test_relative_root(self) -> None:
        """A root that is not absolute is refused with its value."""
        for text in ("car", "./car", "~/car"):
            problem = self.assertRaises(SettingsError, find_places, HOME, "linux", text)
            self.assertEqual(
                str(problem),
                "the state directory (--state-dir, CAR_HOME) must be an absolute path, "
                f"not '{text}'",
            )

    def test_no_home(self) -> None:
        """Without a home directory the remedy is named; with CAR_HOME none is needed."""
        problem = self.assertRaises(SettingsError, find_places, {}, "linux")
        self.assertEqual(str(problem), "HOME is not set; set CAR_HOME to an absolute path")
        self.assertEqual(find_places({}, "linux", "/srv/car").root, Path("/srv/car"))

    def test_port_socket(self) -> None:
        """A second daemon's socket lies beside the shared one."""
        self.assertEqual(port_socket(Path("/r/car-server.sock"), 9), Path("/r/car-server-9.sock"))


class ResolveTests(SynchronousTestCase):
    """What the path of a setting means."""

    def test_forms(self) -> None:
        """``~/.car/`` is the root, ``~/`` the home, the rest is relative to the cwd."""
        for text, meaning in (
            ("~/.car/journals", "/srv/car/journals"),
            ("~/notes", "/home/ada/notes"),
            ("notes", "/work/notes"),
            ("/notes", "/notes"),
        ):
            found = resolve(text, Path("/srv/car"), Path("/work"), HOME, "linux")
            self.assertEqual(found, Path(meaning))


class PrivateDirectoryTests(SynchronousTestCase):
    """Directories that only we may enter."""

    def test_mode(self) -> None:
        """The mode is 0700 under any umask, and for a directory that was there already."""
        for umask in (0o000, 0o022, 0o277):
            directory = Path(self.mktemp()) / "private"
            directory.parent.mkdir(parents=True)
            before = os.umask(umask)
            try:
                make_private_directory(directory)
            finally:
                os.umask(before)
            self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)
            directory.chmod(0o755)
            make_private_directory(directory)
            self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)

    def test_parents(self) -> None:
        """Parents that have to be made are private as well; those that stand keep their mode."""
        standing = Path(self.mktemp())
        standing.mkdir(mode=0o755)
        before = os.umask(0)
        try:
            make_private_directory(standing / "root" / "run")
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE((standing / "root").stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(standing.stat().st_mode), 0o755)


class TokenFilesTests(SynchronousTestCase):
    """token_files: where a client looks for the daemon's token."""

    def test_order(self) -> None:
        """CAR_HOME, then the runtime directory, then the home directory; each once."""
        environ = {"CAR_HOME": "/srv/car", "XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/ada"}
        self.assertEqual(
            [str(path) for path in token_files(environ, "linux")],
            [
                "/srv/car/ai.parslee.car/auth-token",
                "/run/user/7/ai.parslee.car/auth-token",
                "/home/ada/.config/ai.parslee.car/auth-token",
            ],
        )
        self.assertEqual(
            [str(path) for path in token_files(HOME, "linux")],
            ["/home/ada/.config/ai.parslee.car/auth-token"],
        )

    def test_bare(self) -> None:
        """Without any of the three there is nowhere to look."""
        self.assertEqual(token_files({}, "linux"), [])

    def test_relative_root(self) -> None:
        """A CAR_HOME that is not absolute is told, as the daemon would."""
        self.assertRaises(SettingsError, token_files, {"CAR_HOME": "x"}, "linux")
