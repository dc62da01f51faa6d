"""docker-compose.yml starts what the Procfile starts, with settings that exist, and lets nobody in but through the proxy."""

from __future__ import annotations

import ipaddress
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from handoff.settings import SETTINGS, Settings
from ops.stack import HEALTH

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line)
# What a service of the Procfile is called here; the shop is the merchant's own.
NAMES = {"gateway": ["gateway-1", "gateway-2"], "rasa": ["rasa-1", "rasa-2"], "actions": ["actions"], "faq": ["faq"]}
PORTS = {"gateway": 8080, "rasa": 5005, "actions": 5055, "faq": 8091}
# Of the processes' libraries, not ours.
FOREIGN = {"SANIC_HOST", "RASA_TELEMETRY_ENABLED", "OMP_NUM_THREADS"} | {
    f"TF_{kind}_OP_PARALLELISM_THREADS" for kind in ("INTRA", "INTER")
}
OURS = [name for names in NAMES.values() for name in names] + ["migrate"]


def filled(value: Any, given: dict[str, str]) -> str:
    """A value as compose fills it in."""

    def one(match: re.Match[str]) -> str:
        name, _, default = match.group(1).partition(":")
        return given.get(name, default.removeprefix("-") if default.startswith("-") else f"{name.lower()}-0123456789")

    return re.sub(r"\$\{([^}]*)\}", one, str(value))


@pytest.mark.parametrize(("process", "service"), [(p, s) for p, names in NAMES.items() for s in names])
def test_that_a_service_runs_what_the_procfile_runs(process: str, service: str) -> None:
    wanted = shlex.split(PROCFILE[process].replace("$PORT", str(PORTS[process])).replace("127.0.0.1", "0.0.0.0"))
    assert SERVICES[service]["command"] == wanted


@pytest.mark.parametrize(("process", "service"), [(p, s) for p, names in NAMES.items() for s in names])
def test_that_a_service_is_healthy_when_its_process_is(process: str, service: str) -> None:
    check = SERVICES[service]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{PORTS[process]}{HEALTH[process]}'" in check[-1]
    assert (ROOT / check[1]).name == "python"


@pytest.mark.parametrize("service", OURS)
def test_that_a_service_is_given_settings_that_exist(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= set(SETTINGS) | FOREIGN


def test_that_the_gateways_settings_are_good_ones(tmp_path: Path) -> None:
    given = {
        "KEFU_WEBSITE_ORIGINS": "https://shop.example",
        "KEFU_BASE_URL": "https://kefu.example",
        "KEFU_SHOP_URL": "https://shop.example",
    }
    environ = {k: filled(v, given) for k, v in SERVICES["gateway-1"]["environment"].items()}
    settings = Settings.from_env(environ | {"KEFU_VAR": str(tmp_path)})
    assert not settings.demo
    assert settings.proxies == 1
    assert settings.rasa_urls == tuple(f"http://{name}:5005" for name in NAMES["rasa"])
    assert settings.database_url.startswith("postgresql://")
    assert not [*tmp_path.iterdir()], "no secret was made up"


def test_that_no_secret_is_written_into_the_file() -> None:
    secrets = [s.env for s in SETTINGS.values() if s.secret] + ["POSTGRES_PASSWORD"]
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if name in secrets:
                assert value == f"${{{name}:?}}"
            bare = re.sub(r"\$\{[^}]*\}", "", str(value))
            assert not re.search(r"://[^/]*:[^/@]+@", bare), f"{name} carries a password"


def test_that_the_bot_asks_any_gateway_from_where_it_may() -> None:
    bot, gateway = SERVICES["actions"]["environment"], SERVICES["gateway-1"]["environment"]
    assert bot["KEFU_GATEWAY_URL"] == ",".join(f"http://{name}:8080" for name in NAMES["gateway"])
    subnet = COMPOSE["networks"]["processes"]["ipam"]["config"][0]["subnet"]
    assert ipaddress.ip_network(gateway["KEFU_INTERNAL_FROM"]) == ipaddress.ip_network(subnet)
    assert SERVICES["proxy"]["networks"] == ["front"], "the proxy is none of our processes"
    assert bot["KEFU_TRACKER_DB"].startswith("postgresql://"), "a moved conversation finds its memory"


def test_that_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    proxy = (ROOT / "Caddyfile").read_text()
    assert re.search(r"path /internal/\* /metrics\n\s+respond @inside 404", proxy)
    assert all(f"{name}:8080" in proxy for name in NAMES["gateway"])


def test_that_everything_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for the health of {needed}"


def test_that_the_images_hold_what_the_commands_run() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    targets = set(re.findall(r"(?m)^FROM \S+ AS (\w+)$", dockerfile))
    for service in SERVICES.values():
        if "build" in service:
            assert service["build"]["target"] in targets
    for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", dockerfile):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), f"{source} is copied but not there"
    assert "--require-hashes" in dockerfile
    assert dockerfile.count("USER kefu") == 2
