# SPDX-License-Identifier: MIT
"""Two related SQLModels; their relations cannot be read where annotations are postponed."""

from sqlmodel import JSON, Column, Field, Relationship, SQLModel


class Team(SQLModel, table=True):
    __tablename__ = "teams"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(min_length=2)
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    players: list["Player"] = Relationship(back_populates="team")


class Player(SQLModel, table=True):
    __tablename__ = "players"

    id: int | None = Field(default=None, primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="teams.id")
    team: Team | None = Relationship(back_populates="players")
