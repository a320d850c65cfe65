"""What compose.yaml and Kubernetes promise: equal twins, a drain that is waited for, probes that mean what they say."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from shared.settings import Settings
from tests.containers import files
from tests.links import ROOT

KEY = {"PARITY_KEY": "a-key"}
TWINS = ("fastapi", "flask")
EXIT = 2.0
"""Seconds after DRAIN_SECONDS in which the last process has gone: the contract's."""


def _known(names: Mapping[str, str]) -> set[str]:
    return {name for name in names if name.lower() in Settings.model_fields}


def _pod(name: str) -> dict[str, Any]:
    found = [each for each in files.kubernetes() if (each["kind"], each["metadata"]["name"]) == ("Deployment", name)]
    pod: dict[str, Any] = copy.deepcopy(found[0]["spec"]["template"]["spec"])
    return pod


def _documents(name: str) -> str:
    """All that Kubernetes is told of a twin, but for what its container runs."""
    found = json.dumps([each for each in files.kubernetes() if each["metadata"]["name"] == name])
    return re.sub(r'"command": \[.*?\]', "", found)


def test_a_missing_key_is_said() -> None:
    """Without a key nothing starts, and the message names the variable and the cure; no file has a key in it."""
    with pytest.raises(files.Unset, match=r"set PARITY_KEY .*export PARITY_KEY=\$\(openssl"):
        files.services({})
    assert files.services(KEY)["flask"]["environment"]["VALID_API_KEYS"] == "a-key"
    assert files.settings_file(files.KUBERNETES / "keys.env.example") == {"VALID_API_KEYS": ""}


def test_the_twins_get_the_same() -> None:
    """Under compose as under Kubernetes, the twins differ in their name and their command alone."""
    fastapi, flask = (dict(files.services(KEY)[name]) for name in TWINS)
    del flask["command"]
    assert "command" not in fastapi  # the image's
    assert fastapi == flask
    assert fastapi["deploy"]["resources"]["limits"] == {"cpus": "1", "memory": "512M"}
    told, other = (_documents(name) for name in TWINS)
    assert told.replace("fastapi", "flask") == other


def test_every_setting_is_one() -> None:
    """What is set in a container's environment is a setting of the servers, spelt as they read it."""
    environments = (
        files.services(KEY)["fastapi"]["environment"],
        files.settings_file(files.KUBERNETES / "settings.env"),
        files.settings_file(files.KUBERNETES / "keys.env.example"),
    )
    for environment in environments:
        assert _known(environment) == set(environment)


def test_the_drain_is_waited_for() -> None:
    """Nobody is killed while he drains: the grace is above the drain, the server's exit and whatever comes before."""
    service = files.services(KEY)["fastapi"]
    assert files.seconds(service["stop_grace_period"]) > float(service["environment"]["DRAIN_SECONDS"]) + EXIT + 3
    drain = float(files.settings_file(files.KUBERNETES / "settings.env")["DRAIN_SECONDS"])
    for name in TWINS:
        pod = _pod(name)
        before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] > before + drain + EXIT + 3


def test_nobody_starts_too_early() -> None:
    """Under compose each waits for the health of what it needs, and everything that serves has a health check."""
    services = files.services(KEY)
    waited = {other for each in services.values() for other in each.get("depends_on", {})}
    assert waited == set(services) - {"locust-worker"}
    for each in services.values():
        assert all(need == {"condition": "service_healthy"} for need in each.get("depends_on", {}).values())
    for name in waited - set(TWINS):  # the twins' is in the image
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_nobody_may_do_more_than_needed() -> None:
    """No container runs as root, writes its own files or gains rights; no port is open to other machines."""
    services = files.services(KEY)
    for name, each in services.items():
        assert each["read_only"], name
        assert (each["cap_drop"], each["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        assert "build" in each or int(each["user"].partition(":")[0]) > 0
        assert all(port.startswith("127.0.0.1:") for port in each.get("ports", []))
    for pod in (each["spec"]["template"]["spec"] for each in files.kubernetes() if "template" in each.get("spec", {})):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["containers"][0]["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("name", TWINS)
def test_probes(name: str) -> None:
    """A pod that drains leaves the service and is not restarted for it; one that is busy neither."""
    container = _pod(name)["containers"][0]
    paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/health", "readiness": "/health", "liveness": "/docs"}
    alive = container["livenessProbe"]
    assert alive["periodSeconds"] * alive["failureThreshold"] >= 60


def test_names_lead_somewhere() -> None:
    """Every selector, budget, autoscaler, ingress and setting of the manifests names something that is there."""
    documents = list(files.kubernetes())
    deployed = {each["metadata"]["name"] for each in documents if each["kind"] in {"Deployment", "StatefulSet"}}
    services = {each["metadata"]["name"] for each in documents if each["kind"] == "Service"}
    assert services == deployed == {*TWINS, "redis"}
    for each in documents:
        spec = each.get("spec", {})
        if each["kind"] == "HorizontalPodAutoscaler":
            assert spec["scaleTargetRef"]["name"] in deployed
        if each["kind"] == "Ingress":
            assert {rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in spec["rules"]} <= services
        if each["kind"] == "Service":
            assert spec["selector"] == {"app.kubernetes.io/name": each["metadata"]["name"]}
    assert files.settings_file(files.KUBERNETES / "settings.env")["SESSION_STORE"].startswith("redis://redis:6379/")


def test_nginx_is_given_what_its_template_asks() -> None:
    """compose sets each variable of deploy/nginx/parity.conf, and mounts both files as the image's templates."""
    template = (ROOT / "deploy" / "nginx" / "parity.conf").read_text("utf-8")
    asked = set(re.findall(r"\$\{(\w+)\}", template))
    for name in TWINS:
        service = files.services(KEY)[f"nginx-{name}"]
        assert asked == {each for each in service["environment"] if each.startswith("PARITY_")}
        assert service["environment"]["PARITY_SERVERS"].startswith(f"server {name}:{files.PORT} ")
        for volume in service["volumes"]:
            source, target, mode = volume.split(":")
            assert (ROOT / source).is_file()
            assert target == f"/etc/nginx/templates/{(ROOT / source).name}.template"
            assert mode == "ro"
