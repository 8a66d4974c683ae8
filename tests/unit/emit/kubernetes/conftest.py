"""Each platform is built once."""

from __future__ import annotations

import pytest

from tests.unit.emit.kubernetes.platforms import ALL, Built, built


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """The output of every platform, by its name."""
    return {name: built(name, tmp_path_factory.mktemp(name)) for name in ALL}


@pytest.fixture(params=list(ALL))
def made(request: pytest.FixtureRequest, outputs: dict[str, Built]) -> Built:
    """The output of a platform, one after the other."""
    return outputs[request.param]
