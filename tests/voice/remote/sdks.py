"""The services' own SDKs, in a virtual environment that is made on demand and kept.

They are only ever used by ``drive_sdk.py`` in a child process, against the stand-ins: what the
SDKs accept there is what the services' formats are.  Where the environment cannot be made the
tests are skipped, or fail if ``CAR_INTEROP_REQUIRED`` is 1.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

PACKAGES = ("elevenlabs==2.78.0", "deepgram-sdk==7.17.0", "openai[realtime]==3.54.0")

DRIVER = Path(__file__).with_name("drive_sdk.py")

_INSTALL_SECONDS = 300.0
_DONE = "speech-sdks.json"


@cache
def find_sdks() -> Path | str:
    """The Python interpreter that has the SDKs, installed if need be.

    A text says why there is none.
    """
    checkout = Path(__file__).parents[3]
    root = Path(os.environ.get("CAR_INTEROP_VENVS") or checkout / ".tox" / "interop-venvs")
    directory = root / "speech-sdks"
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = directory / _DONE
    if done.exists() and json.loads(done.read_text()) == list(PACKAGES):
        return python
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--only-binary=:all:", *PACKAGES]
    try:
        for command in ([sys.executable, "-m", "venv", "--clear", str(directory)], pip):
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
            )
    except subprocess.CalledProcessError as problem:
        _, _, reason = problem.stderr.strip().rpartition("\n")
        return f"the speech services' SDKs cannot be installed: {reason}"
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"the speech services' SDKs cannot be installed: {problem}"
    done.write_text(json.dumps(PACKAGES))
    return python
