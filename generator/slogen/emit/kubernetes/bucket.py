"""The bucket of Thanos as its servers find it: a Secret, and a shared volume where the bucket is a folder."""

from __future__ import annotations

from slogen.emit.kubernetes.resource import Resource, resource
from slogen.emit.thanos import file_texts
from slogen.model import Platform
from slogen.plan.topology import Value

SECRET, KEY = "thanos-objstore", "objstore.yaml"
CLAIM = "thanos-bucket"  # the user's: only a shared volume can be a bucket that is a folder


def bucket_secret(platform: Platform) -> Resource:
    """Return the Secret that the operator wants; it holds no secret, credentials come from the account of the pod."""
    return resource(platform, "v1", "Secret", SECRET, stringData={KEY: _without_header(platform)})


def _without_header(platform: Platform) -> str:
    return dict(file_texts(platform))[KEY].split("\n", 1)[1]


def reference() -> Resource:
    """Return the reference to the Secret."""
    return {"name": SECRET, "key": KEY}


def _folder(platform: Platform) -> str | None:
    storage = platform.thanos.storage if platform.thanos else None
    if storage is None or storage.type != "FILESYSTEM":
        return None
    return str(dict(storage.config).get("directory", "/bucket"))


def shared_volumes(platform: Platform) -> list[Value]:
    """Return the volume of a bucket that is a folder; none for others."""
    if _folder(platform) is None:
        return []
    return [{"name": "bucket", "persistentVolumeClaim": {"claimName": CLAIM}}]


def shared_mounts(platform: Platform) -> list[Value]:
    """Return where that volume is mounted."""
    folder = _folder(platform)
    return [{"name": "bucket", "mountPath": folder}] if folder else []
