"""The pod that looks into an image."""

from __future__ import annotations

from jupyter_trainhub.manifests.look import look_pod


def test_it_has_no_rights_and_leaves_nothing() -> None:
    command = ["/bin/sh", "-c", "echo $(command -v x)"]
    pod = look_pod(
        "p", "example.com/x:1", command, kind="fitness", owner="Ada L", pull_secrets=["pull"]
    )
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["restartPolicy"] == "Never"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert "volumes" not in spec
    # Kubernetes would replace `$(…)`; `$$(` is how it is kept.
    assert spec["containers"][0]["command"][2] == "echo $$(command -v x)"
