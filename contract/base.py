"""What requests and answers have in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
Amount = Annotated[float, Field(ge=0)]
Plane = Literal["3", "6", "9"]


class Strict(BaseModel):
    """A request or a part of one; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@with_config(ConfigDict(extra="forbid"))
class Answer(TypedDict):
    """An answer or a part of one, with exactly the fields listed."""


deferred = with_config(ConfigDict(extra="forbid", defer_build=True))
"""Decorator of what a route answers with, whose validator is made when it is first needed.

Only the OpenAPI document needs it; to make all of them takes longer than the rest of a start.
"""
