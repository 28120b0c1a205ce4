"""What pages download: into one directory, up to a total size, under harmless names."""

import re
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from car.browser.cdp import CdpConnection
from car.browser.errors import BrowserError
from car.browser.notes import Notes
from car.ir.json import JsonObject

MOST_BYTES = 100 * 1024 * 1024
"""All downloads of one browser together, unless the settings say otherwise [ours]."""

MOST_AT_ONCE = 10
"""Downloads under way; more are cancelled [ours]."""

_UNSAFE = re.compile(r"[^\w.,()\[\] @+=-]+")


class Download:
    """A download: where from, what it is to be called, how far it is."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.received_bytes = 0
        self.refusal: str | None = None


class Downloads:
    """The downloads of one browser into *directory*, which is there; ``begun`` counts them."""

    def __init__(
        self, connection: CdpConnection, directory: Path, notes: Notes, most_bytes: int
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._notes = notes
        self._most_bytes = most_bytes
        self._kept_bytes = 0
        self._under_way: dict[str, Download] = {}
        self.begun = 0

    @property
    def under_way(self) -> int:
        """How many are not over."""
        return len(self._under_way)

    def open(self) -> Deferred[JsonObject]:
        """Have the browser put downloads here, and tell of them."""
        return self._connection.call(
            "Browser.setDownloadBehavior",
            {
                "behavior": "allowAndName",
                "downloadPath": str(self._directory),
                "eventsEnabled": True,
            },
        )

    def began(self, params: JsonObject) -> None:
        """``Browser.downloadWillBegin``."""
        self.begun += 1
        name = safe_name(str(params.get("suggestedFilename", "")))
        download = self._under_way[params["guid"]] = Download(str(params.get("url")), name)
        self._notes.add("downloads", {"url": download.url[:2000], "name": name, "state": "began"})
        if len(self._under_way) > MOST_AT_ONCE:
            self._refuse(params["guid"], download, f"more than {MOST_AT_ONCE} at once")

    def progressed(self, params: JsonObject) -> None:
        """``Browser.downloadProgress``."""
        guid, state = params["guid"], params["state"]
        download = self._under_way.get(guid)
        if download is None:
            return
        download.received_bytes = int(params.get("receivedBytes", 0))
        if state == "inProgress":
            self._check_size(guid, download, int(params.get("totalBytes", 0)))
            return
        del self._under_way[guid]
        entry: JsonObject = {
            "url": download.url[:2000],
            "name": download.name,
            "state": state,
            "size_bytes": download.received_bytes,
        }
        if state == "completed":
            self._kept_bytes += download.received_bytes
            entry["path"] = str(self._name(guid, download.name))
        elif download.refusal is not None:
            entry["reason"] = download.refusal
        self._notes.add("downloads", entry)

    def _check_size(self, guid: str, download: Download, announced_bytes: int) -> None:
        """Cancel a download with which there would be too much."""
        others = sum(each.received_bytes for each in self._under_way.values())
        total = self._kept_bytes + others - download.received_bytes
        if total + max(announced_bytes, download.received_bytes) > self._most_bytes:
            self._refuse(guid, download, f"more than {self._most_bytes} bytes in all")

    def _refuse(self, guid: str, download: Download, reason: str) -> None:
        if download.refusal is None:
            download.refusal = reason
            cancelled = self._connection.call("Browser.cancelDownload", {"guid": guid})
            cancelled.addErrback(_over_already)

    def _name(self, guid: str, name: str) -> Path:
        """Give a file that came under its number the name that it should have."""
        source, target, number = self._directory / guid, self._directory / name, 1
        while target.exists():
            target = self._directory / f"{Path(name).stem} ({number}){Path(name).suffix}"
            number += 1
        try:
            return source.rename(target)
        except OSError:  # moved or removed meanwhile
            return source


def safe_name(suggested: str) -> str:
    """*suggested* as the name of a file in a directory, and of nothing else."""
    name = _UNSAFE.sub("_", suggested.replace("\\", "/").rpartition("/")[2]).strip(" .")
    return name.encode()[-150:].decode(errors="ignore") or "download"


def _over_already(failure: Failure) -> None:
    failure.trap(BrowserError)
