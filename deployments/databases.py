"""Makes the databases beside Prefect's, each with a user of its own who owns it and reads no other: ``python -m deployments.databases``.

It signs on as PREFECT_API_DATABASE_CONNECTION_URL says and makes what READBACK_INDEX_URL (the console's list) and MLFLOW_BACKEND_STORE_URI
(MLflow) name: database, user and password. Running it again sets the passwords to what the addresses say now.
"""

import logging
import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from models.errors import ConfigurationError, in_one_sentence
from wiring.logs import log_to_stderr

logger = logging.getLogger("readback.databases")
OWNER = "PREFECT_API_DATABASE_CONNECTION_URL"
MADE = ("READBACK_INDEX_URL", "MLFLOW_BACKEND_STORE_URI")


def plain_address(url: str) -> str:
    """An address as PostgreSQL's own clients read it, without SQLAlchemy's driver and with libpq's word for TLS.

    >>> plain_address("postgresql+asyncpg://prefect:p@host:5432/prefect?ssl=require")
    'postgresql://prefect:p@host:5432/prefect?sslmode=require'
    """
    parts = urlsplit(url)
    query = "&".join(f"sslmode={one[4:]}" if one.startswith("ssl=") else one for one in parts.query.split("&"))
    return parts._replace(scheme=parts.scheme.partition("+")[0], query=query).geturl()


def make_database(owner: str, address: str) -> bool:
    """Make the database that an address names, its user and its password, as the ``owner``'s address may; whether it was missing.

    An address without a user of its own (that of the owner) makes the database alone.
    """
    import psycopg
    from psycopg import sql

    parts = urlsplit(address)
    user, name = parts.username or "", parts.path.lstrip("/")
    if not name:
        raise ConfigurationError("an address names no database", remedy="Write it as postgresql://user:password@host/database")
    mine = urlsplit(owner)
    with psycopg.connect(mine._replace(path="/postgres").geturl(), autocommit=True) as connection:
        missing = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None
        if user and user != mine.username:
            there = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,)).fetchone() is not None
            whether = sql.SQL("ALTER" if there else "CREATE")
            password = sql.Literal(unquote(parts.password or ""))
            connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(whether, sql.Identifier(user), password))
            # Who is no superuser, as on RDS, gives a database only to a role that they may be.
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(user)))
            if missing:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(user)))
                connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        elif missing:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return missing


def make_databases(environment: Mapping[str, str]) -> None:
    """Make each that the environment names, and close Prefect's to the others."""
    import psycopg
    from psycopg import sql

    if not (given := environment.get(OWNER)):
        raise ConfigurationError(f"{OWNER} is not set", remedy="Set it to the address that Prefect's server has")
    owner = plain_address(given)
    for variable in MADE:
        if address := environment.get(variable):
            missing = make_database(owner, plain_address(address))
            logger.info("%s: the database %s", variable, "was made" if missing else "is there")
    with psycopg.connect(owner, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(owner).path.lstrip("/"))
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))


@in_one_sentence()
def main() -> None:
    """Make them."""
    log_to_stderr("%(message)s")
    if len(sys.argv) > 1:
        sys.exit("usage: python -m deployments.databases (settings in the environment, docs/aws.md)")
    make_databases(os.environ)


if __name__ == "__main__":
    main()
