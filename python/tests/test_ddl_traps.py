# SPDX-License-Identifier: MIT
"""What goes wrong where models become SQL, each trap by its name. Where SQLite can tell, moult itself is asked."""

from __future__ import annotations

import enum
import subprocess
import sys
import warnings
from datetime import datetime
from importlib.metadata import version as version_of
from typing import Any

import pytest
from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    event,
    exc,
    func,
    select,
    text,
)
from sqlalchemy import __version__ as sqlalchemy_version
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlmodel import Field, SQLModel

from easy import Database
from fastapi_easy import metadata_to_sql
from fastapi_easy.errors import DDLError, DDLWarning

ALL = ["postgresql", "sqlite", "mysql", "mariadb"]
DRIVERS = [
    "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg", "postgresql+pg8000", "sqlite", "sqlite+aiosqlite",
    "mysql+pymysql", "mysql+mysqldb", "mysql+aiomysql", "mysql+asyncmy", "mysql+mysqlconnector", "mariadb+mariadbconnector",
]  # fmt: skip
NEW = sqlalchemy_version.startswith("2.1")


def one_table(*items: Any, **options: Any) -> MetaData:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), *items, **options)
    return metadata


def cycle() -> MetaData:
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("b_id", ForeignKey("b.id")))
    Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")))
    return metadata


@pytest.mark.parametrize("driver", DRIVERS)
def test_trap_01_a_percent_sign_is_not_doubled(driver: str) -> None:
    metadata = one_table(
        Column("a", String(20), server_default=text("'5%'"), comment="5% of it"),
        CheckConstraint("a <> '%'"),
        comment="100%",
    )
    sql = metadata_to_sql(metadata, driver)
    assert "%%" not in sql
    assert "a <> '%'" in sql and "'5%'" in sql


@pytest.mark.parametrize("driver", DRIVERS)
def test_trap_02_a_colon_in_a_text_is_refused_and_not_made_null(driver: str) -> None:
    wrong = [
        one_table(Column("a", String(20)), CheckConstraint("a <> 'x :y'")),
        one_table(Column("a", String(20), server_default=text("'x :y'"))),
        one_table(Column("a", String(20), info={"fill": "'x :y'"})),
        one_table(Column("a", String(20)), Index("i", text("a || ' :y'"))),
    ]
    for metadata in wrong:
        with pytest.raises(DDLError, match=r"takes ':y' in .* for a parameter .* write '\\:y'"):
            metadata_to_sql(metadata, driver)
    right = one_table(Column("a", String(20)), CheckConstraint("a <> 'x \\:y'"))
    assert "a <> 'x :y'" in metadata_to_sql(right, driver)
    given = one_table(Column("a", String(20)), CheckConstraint(text("a <> :y").bindparams(y="z")))
    assert "a <> 'z'" in metadata_to_sql(given, driver)


PROGRAM = """
import sys
from sqlalchemy import *
from fastapi_easy import metadata_to_sql
metadata = MetaData()
for name in "abcdef":
    columns = [Column(c, Integer, ForeignKey("c.id" if name == "a" else "a.id")) for c in "pqrstu"]
    Table(name, metadata, Column("id", Integer, primary_key=True), *columns,
          *(Index(f"i_{name}_{c}", c) for c in "utsrqp"), Column("e", Enum("x", "y", name=f"e_{name}")))
for name in "zyx":
    Sequence(f"s_{name}", metadata=metadata)
sys.stdout.write(metadata_to_sql(metadata, sys.argv[1]))
"""


@pytest.mark.parametrize("dialect", ALL)
def test_trap_03_the_order_is_the_same_in_every_process(dialect: str, env: dict[str, str]) -> None:
    texts = set()
    for seed in range(6):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, dialect],
            env=env | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1 and b"i_f_u" in texts.pop()


def test_trap_04_foreign_keys_of_a_cycle_survive_another_dialect() -> None:
    metadata = cycle()
    before = metadata_to_sql(metadata, "sqlite")
    assert before.count("FOREIGN KEY") == 2 and "ALTER" not in before
    for dialect in ("postgresql", "mysql"):
        assert metadata_to_sql(metadata, dialect).count("ADD FOREIGN KEY") == 2
    assert metadata_to_sql(metadata, "sqlite") == before
    with pytest.raises(DDLError):  # also when it did not end well
        event.listen(metadata, "after_create", lambda *_, **__: 1 / 0)
        metadata_to_sql(metadata, "postgresql")
    assert all(key._create_rule is None for table in metadata.tables.values() for key in table.foreign_key_constraints)


def test_trap_05_listeners_come_along() -> None:
    metadata = one_table(Column("a", Integer))
    event.listen(metadata, "before_create", DDL("CREATE EXTENSION citext").execute_if(dialect="postgresql"))
    trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;"
    event.listen(metadata.tables["t"], "after_create", DDL(trigger).execute_if(dialect="sqlite"))
    assert metadata_to_sql(metadata, "postgresql").startswith("CREATE EXTENSION citext;\n\nCREATE TABLE")
    assert "TRIGGER" not in metadata_to_sql(metadata, "postgresql")
    assert trigger in metadata_to_sql(metadata, "sqlite")
    assert trigger in metadata_to_sql(metadata, "sqlite"), "and they still do when it is written again"


@pytest.mark.skipif(not NEW, reason="SQLAlchemy 2.0 has no views")
def test_trap_05_views_come_along() -> None:
    from sqlalchemy import CreateView

    metadata = one_table(Column("a", Integer))
    CreateView(select(metadata.tables["t"].c.a), "v", metadata=metadata)
    assert "CREATE VIEW v AS SELECT t.a" in metadata_to_sql(metadata, "sqlite")


def test_trap_06_two_enums_of_one_name_and_different_values_are_refused() -> None:
    metadata = one_table(Column("a", Enum("x", "y", name="kind")))
    Table("u", metadata, Column("b", postgresql.ARRAY(Enum("x", "z", name="kind"))))
    with pytest.raises(DDLError, match=r"type kind has the values x, y in t\.a and x, z in u\.b"):
        metadata_to_sql(metadata, "postgresql")
    same = one_table(Column("a", Enum("x", "y", name="kind")), Column("b", Enum("x", "y", name="kind")))
    assert metadata_to_sql(same, "postgresql").count("CREATE TYPE") == 1
    other = one_table(Column("a", Enum("x", "y", name="kind")))
    other.tables["t"].name = "t"
    apart = MetaData()
    Table("u", apart, Column("a", Enum("x", "y", name="kind")))
    assert metadata_to_sql([other, apart], "postgresql").count("CREATE TYPE") == 1
    Table("w", metadata_of_inline := MetaData(), Column("a", Enum("x", name="k")), Column("b", Enum("y", name="k")))
    assert "ENUM('y')" in metadata_to_sql(metadata_of_inline, "mysql"), "without a type there is nothing to share"


def test_trap_07_types_sequences_indexes_and_comments_are_written_too() -> None:
    metadata = one_table(
        Column("a", Enum("x", "y", name="kind"), comment="of a"), Column("b", Integer, index=True), comment="of t"
    )
    Sequence("s", metadata=metadata)
    sql = metadata_to_sql(metadata, "postgresql")
    for wanted in (
        "CREATE TYPE kind AS ENUM ('x', 'y');",
        "CREATE SEQUENCE s;",
        "CREATE INDEX ix_t_b ON t (b);",
        "COMMENT ON TABLE t IS 'of t';",
        "COMMENT ON COLUMN t.a IS 'of a';",
    ):
        assert wanted in sql


def test_trap_08_a_listener_that_reads_a_result_is_named() -> None:
    def reads(target: Any, connection: Any, **_: Any) -> None:
        connection.execute(text("SELECT 1")).scalar()

    def writes(target: Any, connection: Any, **_: Any) -> None:
        connection.execute(text("CREATE VIEW v AS SELECT 1"))
        connection.exec_driver_sql("CREATE VIEW w AS SELECT 1")

    def fills(target: Any, connection: Any, **_: Any) -> None:
        connection.execute(target.insert(), [{"a": 1}])

    metadata = one_table(Column("a", Integer))
    event.listen(metadata.tables["t"], "after_create", reads)
    with pytest.raises(DDLError, match=r"listener .* failed without a database: AttributeError.*sqlalchemy\.DDL"):
        metadata_to_sql(metadata, "sqlite")
    event.remove(metadata.tables["t"], "after_create", reads)
    event.listen(metadata.tables["t"], "after_create", writes)
    assert "CREATE VIEW v AS SELECT 1;\n\nCREATE VIEW w AS SELECT 1;" in metadata_to_sql(metadata, "sqlite")
    event.listen(metadata.tables["t"], "after_create", fills)
    with pytest.raises(DDLError, match="runs INSERT, which is no DDL"):
        metadata_to_sql(metadata, "sqlite")


class Color(enum.Enum):
    red = "r"
    green = "g"


def test_trap_09_a_default_in_python_fills_the_rows_that_are_there(database: Database) -> None:
    database.apply(one_table(Column("n", Integer)))
    database.run("INSERT INTO t (n) VALUES (1), (2)")
    metadata = one_table(
        Column("n", Integer),
        Column("a", String, nullable=False, default="it's 5%"),
        Column("b", Enum(Color), nullable=False, default=Color.green),
        Column("c", JSON, nullable=False, default={"k": [1, None]}),
        Column("d", Integer, nullable=False, default=func.abs(-3)),
        Column("e", Integer, default=7),
        Column("f", Integer, nullable=False, default=7, info={"fill": "n * 10"}),
    )
    database.apply(metadata, "--mode", "aggressive")
    rows = database.rows("SELECT a, b, c, d, e, f FROM t")
    assert rows == [("it's 5%", "green", '{"k": [1, null]}', 3, None, n * 10) for n in (1, 2)]
    assert "DEFAULT" not in database.rows("SELECT sql FROM sqlite_schema WHERE name = 't'")[0][0]
    assert "up to date" in database.apply(metadata)


def test_trap_09_what_cannot_be_read_off_is_asked_for(database: Database) -> None:
    database.apply(one_table())
    database.run("INSERT INTO t DEFAULT VALUES")
    metadata = one_table(Column("a", Integer, nullable=False, default=lambda: 1))
    assert "@fill" not in metadata_to_sql(metadata, "sqlite")
    code, said = database.moult(metadata, "apply")
    assert code == 1 and "@fill EXPRESSION" in said


def test_trap_10_an_error_of_a_type_names_its_column() -> None:
    with pytest.raises(DDLError, match=r"column t\.a: VARCHAR requires a length"):
        metadata_to_sql(one_table(Column("a", String())), "mysql")
    with pytest.raises(DDLError, match=r"index i of table t"):
        metadata_to_sql(one_table(Column("a", String(9)), Index("i", text("lower(:x)"))), "mysql")


@pytest.mark.parametrize("server_version", ["10.11.6-MariaDB", (10, 11, 6)])
def test_trap_11_the_version_of_the_server_decides(server_version: Any) -> None:
    metadata = one_table(Column("u", Uuid))
    native = "UUID" if NEW else "CHAR(32)"  # SQLAlchemy 2.0 writes and reads 32 digits everywhere
    assert f"u {native}" in metadata_to_sql(metadata, "mariadb", server_version=server_version)
    assert "u CHAR(32)" in metadata_to_sql(metadata, "mariadb", server_version="10.5.1-MariaDB")
    assert "u CHAR(32)" in metadata_to_sql(metadata, "mysql", server_version="8.0.36")
    with pytest.raises(DDLError, match="'latest' is no version of a server"):
        metadata_to_sql(metadata, "mysql", server_version="latest")


def test_trap_12_a_new_sqlmodel_may_mean_another_type() -> None:
    """Nothing is hidden: the text says what the installed SQLModel makes of a datetime, and that is what is planned."""

    class Timed(SQLModel, table=True):
        metadata = MetaData()
        id: int | None = Field(default=None, primary_key=True)
        at: datetime

    newer = [int(part) for part in version_of("sqlmodel").split(".")] >= [0, 0, 50]
    zone = "WITH TIME ZONE" if newer else "WITHOUT TIME ZONE"
    assert f"at TIMESTAMP {zone} NOT NULL" in metadata_to_sql(Timed.metadata, "postgresql")


def test_trap_13_enums_are_what_each_database_has() -> None:
    metadata = MetaData(schema=None)
    Table(
        "t",
        metadata,
        Column("a", Enum(Color)),
        Column("b", Enum(Color, name="v", values_callable=lambda e: [m.value for m in e])),
    )
    assert "CREATE TYPE color AS ENUM ('red', 'green')" in metadata_to_sql(metadata, "postgresql")
    assert "CREATE TYPE v AS ENUM ('r', 'g')" in metadata_to_sql(metadata, "postgresql")
    assert "a ENUM('red','green')" in metadata_to_sql(metadata, "mysql")
    sqlite = metadata_to_sql(metadata, "sqlite")
    assert "a VARCHAR(5)" in sqlite and "CHECK" not in sqlite
    checked = one_table(Column("a", Enum(Color, create_constraint=True, name="c")))
    assert "CONSTRAINT c CHECK (a IN ('red', 'green'))" in metadata_to_sql(checked, "sqlite")
    placed = MetaData(schema="audit")
    Table("t", placed, Column("a", Enum("x", name="kind", metadata=placed)))
    assert "CREATE TYPE audit.kind" in metadata_to_sql(placed, "postgresql")


def test_trap_13_a_longer_member_is_a_change_that_loses_nothing(database: Database) -> None:
    database.apply(one_table(Column("a", Enum("x", "yy", name="kind"))))
    database.run("INSERT INTO t (a) VALUES ('yy')")
    database.apply(one_table(Column("a", Enum("x", "yy", "zzzzzz", name="kind"))))
    assert database.rows("SELECT a FROM t") == [("yy",)]


def test_trap_14_no_name_is_invented_and_long_ones_are_always_the_same() -> None:
    metadata = one_table(Column("a", Integer), UniqueConstraint("a"), CheckConstraint("a > 0"))
    assert "CONSTRAINT" not in metadata_to_sql(metadata, "postgresql")
    long = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s"})
    Table("t" * 50, long, Column("a" * 30, Integer), UniqueConstraint("a" * 30))
    for dialect, limit in (("postgresql", 63), ("mysql", 64)):
        sql = metadata_to_sql(long, dialect)
        name = sql.split("CONSTRAINT ")[1].split()[0].strip('`"')
        assert len(name) <= limit and name[-5] == "_" and sql == metadata_to_sql(long, dialect)


def test_trap_15_schemas_are_created_and_refused_on_sqlite() -> None:
    metadata = MetaData()
    Table("t", metadata, Column("a", Integer), schema="audit")
    Table("u", metadata, Column("a", Integer), schema="Big One")
    Table("v", metadata, Column("a", Integer), schema="public")
    sql = metadata_to_sql(metadata, "postgresql")
    assert sql.startswith(
        'CREATE SCHEMA IF NOT EXISTS "Big One";\n\nCREATE SCHEMA IF NOT EXISTS audit;\n\nCREATE TABLE'
    )
    with pytest.raises(DDLError, match=r"table audit\.t is in the schema 'audit'; SQLite has none"):
        metadata_to_sql(metadata, "sqlite")


def test_trap_16_a_default_in_quotes_is_the_default(database: Database) -> None:
    with pytest.raises(exc.ArgumentError):
        Column("a", Integer, server_default=False)  # type: ignore[arg-type]
    metadata = one_table(Column("a", Integer, server_default="0"))
    assert "DEFAULT '0'" in metadata_to_sql(metadata, "postgresql")
    database.run("CREATE TABLE t (id INTEGER NOT NULL, a INTEGER DEFAULT 0, PRIMARY KEY (id))")
    database.apply(metadata, "--mode", "aggressive")
    database.run("INSERT INTO t DEFAULT VALUES")
    assert database.rows("SELECT a, typeof(a) FROM t") == [(0, "integer")]
    assert database.moult(metadata, "plan", "--exit-code")[0] == 0


def test_trap_17_old_names_come_from_info(database: Database) -> None:
    class Base(DeclarativeBase):
        pass

    class New(Base):
        __tablename__ = "new"
        __table_args__ = {"info": {"renamed_from": "old table"}}  # noqa: RUF012
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(info={"renamed_from": 'na"me'})
        last: Mapped[str | None] = mapped_column(info={"renamed_from": "lst"})

    class Model(SQLModel, table=True):
        metadata = Base.metadata
        __tablename__ = "model"
        id: int | None = Field(default=None, primary_key=True)
        size: int = Field(sa_column_kwargs={"info": {"renamed_from": "width", "fill": "1"}})

    sql = metadata_to_sql(Base.metadata, "sqlite")
    assert 'name VARCHAR NOT NULL, -- @renamed from="na""me"\n' in sql
    assert "last VARCHAR, -- @renamed from=lst\n" in sql
    assert '); -- @renamed from="old table"\n' in sql
    assert "size INTEGER NOT NULL, -- @renamed from=width @fill 1\n" in sql
    database.run('CREATE TABLE "old table" (id INTEGER NOT NULL PRIMARY KEY, "na""me" VARCHAR NOT NULL, lst VARCHAR)')
    database.run("CREATE TABLE model (id INTEGER NOT NULL PRIMARY KEY, width INTEGER)")
    database.run("""INSERT INTO "old table" VALUES (1, 'a', 'b')""")
    database.run("INSERT INTO model VALUES (1, 5), (2, NULL)")
    database.apply(Base.metadata, "--mode", "aggressive")
    assert database.rows("SELECT id, name, last FROM new") == [(1, "a", "b")]
    assert database.rows("SELECT id, size FROM model") == [(1, 5), (2, 1)]


@pytest.mark.parametrize("old", [["a", "b"], "", 3, "a\0b"])
def test_trap_17_an_old_name_is_one_name(old: Any) -> None:
    with pytest.raises(DDLError, match=r"column t\.a: info 'renamed_from' is .*; it must be the one name"):
        metadata_to_sql(one_table(Column("a", Integer, info={"renamed_from": old})), "sqlite")


def test_trap_18_an_option_without_effect_is_warned_of() -> None:
    metadata = one_table(
        Column("a", Integer),
        Index("i", "a", unique=True, postgresql_where=text("a > 0")),
        Index("j", "a", postgresql_where=text("a > 0"), sqlite_where=text("a > 0")),
        Index("k", "a", mysql_prefix="FULLTEXT"),
    )
    with pytest.warns(DDLWarning) as said:
        assert "i ON t (a);" in metadata_to_sql(metadata, "sqlite")
    assert [str(w.message).split(";")[0] for w in said] == [
        "index i of table t: postgresql_where has no effect on sqlite",
        "index k of table t: mysql_prefix has no effect on sqlite",
    ]
    with pytest.warns(DDLWarning, match="mysql_prefix has no effect on postgresql"):
        assert "i ON t (a) WHERE a > 0;" in metadata_to_sql(metadata, "postgresql")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        metadata_to_sql(metadata, "mariadb")
    assert not [w for w in caught if "mysql_prefix" in str(w.message)]


def test_trap_18_use_alter_is_inlined_on_sqlite() -> None:
    metadata = one_table(Column("t_id", ForeignKey("t.id", use_alter=True, name="up")))
    assert "CONSTRAINT up FOREIGN KEY(t_id) REFERENCES t (id)" in metadata_to_sql(metadata, "sqlite")
    assert "ALTER TABLE t ADD CONSTRAINT up" in metadata_to_sql(metadata, "postgresql")


def test_trap_19_vectors() -> None:
    vector = pytest.importorskip("pgvector.sqlalchemy")
    metadata = one_table(Column("v", vector.Vector(3)))
    index = Index("i", metadata.tables["t"].c.v, postgresql_using="hnsw", postgresql_ops={"v": "vector_l2_ops"})
    assert index.name == "i"
    event.listen(metadata, "before_create", DDL("CREATE EXTENSION IF NOT EXISTS vector"))
    sql = metadata_to_sql(metadata, "postgresql")
    assert "v VECTOR(3)" in sql and "USING hnsw (v vector_l2_ops)" in sql and sql.startswith("CREATE EXTENSION")


def test_trap_19_geometries() -> None:
    geoalchemy = pytest.importorskip("geoalchemy2")
    metadata = one_table(Column("g", geoalchemy.Geometry("POINT", srid=4326)))
    for _ in range(2):
        sql = metadata_to_sql(metadata, "postgresql")
        assert "g geometry(POINT,4326)" in sql
        assert sql.count("CREATE INDEX idx_t_g ON t USING gist (g);") == 1


def test_computed_columns_and_their_colons(database: Database) -> None:
    metadata = one_table(Column("a", Integer), Column("b", Integer, Computed("a * 2")))
    database.apply(metadata)
    database.run("INSERT INTO t (a) VALUES (4)")
    assert database.rows("SELECT b FROM t") == [(8,)]
