"""What is in deploy/, as far as it can be checked without a cluster."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from adk_nb.cli import parser

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = DEPLOY.parent
MANIFESTS = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]


def manifest(kind):
    return next(one for one in MANIFESTS if one["kind"] == kind)


def container():
    return manifest("Deployment")["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("document", MANIFESTS, ids=lambda one: one["kind"])
@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version()])
def test_a_manifest_fits_its_schema(document, version):
    kubernetes_validate.validate(document, version, strict=True)


def test_what_names_something_names_what_is_there():
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert manifest("Service")["spec"]["selector"] == labels
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    backend = manifest("Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifest("Service")["metadata"]["name"]
    assert manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "adk-nb"
    assert container()["envFrom"] == [
        {"secretRef": {"name": manifest("Secret")["metadata"]["name"]}}
    ]


def test_the_figures_are_not_for_the_public():
    paths = manifest("Ingress")["spec"]["rules"][0]["http"]["paths"]
    (metrics,) = [one for one in paths if one["path"] == "/metrics"]
    assert metrics["pathType"] == "Exact"  # It goes before a prefix.
    closed = metrics["backend"]["service"]["name"]
    (service,) = [one for one in MANIFESTS if one["metadata"]["name"] == closed]
    assert "selector" not in service["spec"]


def test_a_pod_has_time_to_drain():
    waits = container()["lifecycle"]["preStop"]["exec"]["command"]
    drain = container()["args"][container()["args"].index("--drain") + 1]
    grace = manifest("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > int(waits[1]) + int(drain)


def test_the_arguments_are_the_commands():
    line = re.search(r"^ENTRYPOINT (.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    entry = json.loads(line.group(1))
    assert entry[:3] == ["python", "-m", "adk_nb"]
    chosen = parser().parse_args([*entry[3:], *container()["args"]])
    assert (chosen.host, chosen.port, chosen.agent) == ("0.0.0.0", 8000, "agent")
    assert chosen.max_sessions == 50


def test_the_steps_of_the_image_make_something_that_runs(tmp_path):
    """Runs what the Dockerfile copies and runs, in an environment of its own."""
    place, environment = tmp_path / "srv", tmp_path / "environment"
    place.mkdir()
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "HOME": str(tmp_path)}
    text = (DEPLOY / "Dockerfile").read_text()
    arguments = dict(re.findall(r"^ARG (\w+)=(.+)$", text, re.MULTILINE))
    for step, rest in re.findall(r"^(COPY|RUN) (.+)$", text, re.MULTILINE):
        if step == "RUN" and not rest.startswith("useradd"):
            subprocess.run(rest, shell=True, check=True, cwd=place, env=variables)
        elif step == "COPY":
            copied(shlex.split(re.sub(r"\$\{(\w+)\}", lambda m: arguments[m[1]], rest)), place)
    done = subprocess.run(
        ["python", "-m", "adk_nb", "serve", "agent", "--host", "0.0.0.0", "--port", "0"],
        cwd=place, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "--token" in done.stderr  # It does not listen for everybody without one.
    code = "import adk_nb.serve.agents as a, asyncpg; print(a.load('agent').name)"
    done = subprocess.run(
        ["python", "-c", code], cwd=place, env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout == "example\n"


def copied(names, place):
    *sources, target = names
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place / target, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, place / target)
