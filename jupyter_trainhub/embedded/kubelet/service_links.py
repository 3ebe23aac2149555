"""The variables by which containers learn where Services are."""

from __future__ import annotations

from ..apimachinery.resources import SERVICES
from ..apiserver.store import Object, Store


def variables(store: Store, pod: Object) -> dict[str, str]:
    """Those of the API server, and unless the pod declines of the Services in its namespace.

    Names and values are kubelet's, Docker's old links included.
    """
    server = store.find(SERVICES, "default", "kubernetes")
    services = [server] if server else []
    if pod["spec"].get("enableServiceLinks", True):
        services += store.list(SERVICES, pod["metadata"]["namespace"])
    result = {}
    for service in services:
        address = service["spec"].get("clusterIP") or "None"
        if address != "None" and service["spec"].get("ports"):
            name = _variable(service["metadata"]["name"])
            result.update(_links(name, address, service["spec"]["ports"]))
    return result


def _links(name: str, address: str, ports: list[Object]) -> dict[str, str]:
    first = ports[0]
    result = {
        f"{name}_SERVICE_HOST": address,
        f"{name}_SERVICE_PORT": str(first["port"]),
        f"{name}_PORT": f"{first['protocol'].lower()}://{address}:{first['port']}",
    }
    for port in ports:
        if port.get("name"):
            result[f"{name}_SERVICE_PORT_{_variable(port['name'])}"] = str(port["port"])
        protocol, number = port["protocol"], str(port["port"])
        prefix = f"{name}_PORT_{number}_{protocol.upper()}"
        result[prefix] = f"{protocol.lower()}://{address}:{number}"
        result[f"{prefix}_PROTO"] = protocol.lower()
        result[f"{prefix}_PORT"] = number
        result[f"{prefix}_ADDR"] = address
    return result


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
