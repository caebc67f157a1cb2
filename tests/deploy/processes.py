"""PostgreSQL, instances of the server and nginx, as processes of their own."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
SECRET = "a secret that both instances of this test share"
BEGINS_S = 60


def program(name):
    """Returns the path of a program; Debian keeps PostgreSQL's own in a folder by version."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found is None and not kept:
        pytest.fail(f"{name} is not installed: apt-get install nginx postgresql")
    return str(kept[-1]) if kept else found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=BEGINS_S):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} took longer than {seconds} s"
        time.sleep(0.05)


class Postgres:
    """PostgreSQL with a folder of its own; it does not run as root."""

    def __init__(self):
        self.user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="adk-nb-postgres-"))
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        self.port = free_port()
        self.uri = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-N")
        self.start()

    def _run(self, name, *arguments):
        command = [program(name), *map(str, arguments)]
        with (self.folder / "commands.log").open("a") as log:
            subprocess.run(
                command, check=True, user=self.user, stdout=log, stderr=log, cwd=self.folder
            )

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        log = self.folder / "server.log"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", log, "-o", options, "-w", "start")

    def stop(self):
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "stop")

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder)


class Instance:
    """A process of `python -m adk_nb serve`."""

    def __init__(self, uri, log, **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        path = os.pathsep.join([str(ROOT), str(TESTS), os.environ.get("PYTHONPATH", "")])
        self._environment = os.environ | environment
        self._environment |= {"PYTHONPATH": path, "ADK_NB_SESSIONS": uri, "ADK_NB_SECRET": SECRET}
        self.process = None

    def start(self):
        agent = Path(__file__).with_name("remembering_agent.py")
        command = [sys.executable, "-m", "adk_nb", "serve", str(agent), "--port", str(self.port)]
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, cwd=ROOT
            )
        wait_for(self.ready, "the start of an instance")

    def ready(self):
        return self.status("readyz") == 200

    def status(self, path):
        """Returns the status of a path; 0 if nobody answers."""
        try:
            return httpx.get(f"{self.url}/{path}", timeout=10).status_code
        except httpx.HTTPError:
            return 0

    def sessions(self):
        figures = httpx.get(f"{self.url}/metrics", timeout=10).text
        return int(float(re.search(r"^adk_nb_sessions (\S+)$", figures, re.MULTILINE).group(1)))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Asks it to end, and returns how long that took (s)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        return time.monotonic() - began

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Nginx:
    """nginx with deploy/nginx.conf, and ports in the place of those that it names."""

    def __init__(self, folder, instances):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        for number, one in enumerate(instances, start=8001):
            text = text.replace(f"127.0.0.1:{number}", f"127.0.0.1:{one.port}")
        (folder / "adk_nb.conf").write_text(text)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(
            f"{user}pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\ndaemon off;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{paths}include {folder}/adk_nb.conf;\n}}\n"
        )
        self._command = [program("nginx"), "-c", str(config), "-p", str(folder)]
        self._command += ["-e", str(folder / "nginx.log")]
        self.checked = subprocess.run(
            [*self._command, "-t"], capture_output=True, text=True, check=False
        )
        assert self.checked.returncode == 0, self.checked.stderr
        self.process = subprocess.Popen(self._command)
        wait_for(lambda: self.status("healthz") == 200, "the start of nginx")

    def status(self, path):
        try:
            return httpx.get(f"{self.url}/{path}", timeout=10).status_code
        except httpx.HTTPError:
            return 0

    def close(self):
        self.process.terminate()
        self.process.wait(30)


class Deployment:
    """All of it."""

    def __init__(self, folder, stack, **environment):
        self.folder = folder
        self.postgres = Postgres()
        stack.callback(self.postgres.close)
        self.instances = [
            Instance(self.postgres.uri, folder / f"instance{number}.log", **environment)
            for number in (1, 2)
        ]
        for one in self.instances:
            stack.callback(one.close)
            one.start()
        self.nginx = Nginx(folder, self.instances)
        stack.callback(self.nginx.close)

    def logs(self):
        return "".join(path.read_text() for path in sorted(self.folder.glob("instance*.log")))
