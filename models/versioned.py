"""A table that staff edit in versions: which one this is, and who made it when."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Versioned(BaseModel):
    """What every such table has; version 0 ships."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(0, ge=0)
    edited_by: str = ""
    edited_at: datetime | None = None
