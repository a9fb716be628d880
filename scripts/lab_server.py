"""A JupyterLab server of its own, with settings, kernels and runtime files in a temporary folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["TIMEOUT_S", "serve"]

TIMEOUT_S = 60.0

# Every cell is drawn, also those out of sight; no news, no questions about them.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


def _write_settings(folder: Path) -> None:
    for plugin, values in SETTINGS.items():
        file = folder / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")


def _environment(own: Path) -> dict[str, str]:
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("FT_", "JUPYTER"))
    }
    if "FT_CACHE" in os.environ:
        env["FT_CACHE"] = os.environ["FT_CACHE"]
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    env.update({name: str(own / folder) for name, folder in folders.items()})
    env["JUPYTER_PREFER_ENV_PATH"] = "1"
    return env


def _await(what: str, ready: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """Ask `ready` until it gives something true.

    Raises:
        TimeoutError: It never did.
    """
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        if found := ready():
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {timeout_s:.0f} s")


@contextlib.contextmanager
def serve(root: Path) -> Iterator[str]:
    """Run a JupyterLab server over `root` until the block ends.

    Args:
        root: The folder whose notebooks it opens. Runs are kept beside each notebook.

    Yields:
        The address of JupyterLab with a `{workspace}` and a `{path}` to fill in.

    Raises:
        TimeoutError: The server did not answer; its log is in the message.
    """
    own = Path(tempfile.mkdtemp(prefix="ft_lab_"))
    _write_settings(own / "settings")
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    log = own / "log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=_environment(own),
            start_new_session=True,
        )
    try:
        yield f"{_address(own, server, log)}lab/workspaces/{{workspace}}/tree/{{path}}?token={token}"
    finally:
        _end(server)
        shutil.rmtree(own, ignore_errors=True)


def _address(own: Path, server: subprocess.Popen[bytes], log: Path) -> str:
    """The server's address, from the file in which a Jupyter server says where it listens."""

    def told() -> str | None:
        if server.poll() is not None:
            raise TimeoutError(f"JupyterLab ended: {log.read_text()[-2000:]}")
        for file in (own / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(json.JSONDecodeError):
                return str(json.loads(file.read_text())["url"])
        return None

    return _await(f"JupyterLab's address ({log.read_text()[-2000:]})", told)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and the kernels it started."""
    with contextlib.suppress(ProcessLookupError):
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
