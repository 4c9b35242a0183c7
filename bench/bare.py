"""The yardstick of bench.gateway: FastAPI alone, returning what /status/ returns."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/status/")
async def status() -> dict[str, str]:
    """The same dict as the gateway's."""
    return {"status": "KALDRA API Gateway online", "version": "0.1.0"}


uvicorn.run(
    app,
    port=int(sys.argv[1]),
    log_config=None,
    access_log=False,
    server_header=False,
)
