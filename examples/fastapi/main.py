# SPDX-License-Identifier: MIT
"""The shop: uvicorn main:app"""

from fastapi import FastAPI
from fastapi_easy import FastAPI_Easy
from shop import hooks  # noqa: F401  (what is imported is registered)
from shop.api import ROUTERS

app = FastAPI(title="Shop")
FastAPI_Easy.init_app(app)  # DATABASE_URL says where
for router in ROUTERS:
    app.include_router(router)
