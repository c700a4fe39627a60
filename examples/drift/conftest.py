import threading

import model
import pytest


@pytest.fixture(scope="session")
def vcr_config():
    return {"filter_headers": ["authorization"], "decode_compressed_response": True}


@pytest.fixture(scope="session", autouse=True)
def provider(pytestconfig):
    """What the tests record from; to replay, nothing has to be there."""
    if pytestconfig.getoption("--record-mode") in {None, "none"}:
        yield
        return
    with model.serve() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
