"""Who may sign on, from a file: names, roles and passwords as scrypt hashes.

python -m console.users add NAME --role lead [--role ml]     asks for the password; --password-stdin reads a line instead
python -m console.users remove NAME
"""

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import wiring
from console.roles import May, Role, allowed
from models.errors import ConfigurationError, in_one_sentence

# 16 MB and about 50 ms a try; a hash names its own costs, so that they can be raised.
_N, _R, _P = 2**14, 8, 1
SHORTEST = 10


class User(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[^\s,;:/\\]{1,60}$")
    roles: list[Role] = Field(min_length=1)
    password: str

    @property
    def may(self) -> frozenset[May]:
        """What this person may do."""
        return allowed(self.roles)

    @property
    def stamp(self) -> str:
        """What a session remembers of the password: a new one ends all sessions."""
        return hashlib.sha256(self.password.encode()).hexdigest()[:16]


def hashed(password: str, salt: bytes | None = None, *, n: int = _N) -> str:
    """A password as the file keeps it."""
    salt = salt or os.urandom(16)
    key = hashlib.scrypt(password.encode("utf-8"), salt=salt, n=n, r=_R, p=_P)
    return "$".join(["scrypt", str(n), str(_R), str(_P), base64.b64encode(salt).decode(), base64.b64encode(key).decode()])


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept.

    >>> matches("correct horse", hashed("correct horse")), matches("other", hashed("correct horse")), matches("x", "nonsense")
    (True, False, False)
    """
    try:
        kind, n, r, p, salt, key = kept.split("$")
        made = hashlib.scrypt(password.encode("utf-8"), salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p))
        return kind == "scrypt" and hmac.compare_digest(made, base64.b64decode(key))
    except ValueError:
        return False


# Somebody who is not in the file takes as long to be refused as somebody who is.
_NOBODY = hashed("nobody has this password")


@dataclass
class Users:
    """The file, read again when it has changed."""

    path: Path
    _read: Mapping[str, User] | None = None
    _changed: int = -1

    def all(self) -> Mapping[str, User]:
        """Everybody by name; ConfigurationError where the file cannot be used."""
        try:
            changed = self.path.stat().st_mtime_ns
            if self._read is None or changed != self._changed:
                listed = [User.model_validate(one) for one in json.loads(self.path.read_text("utf-8"))]
                self._read, self._changed = {user.name: user for user in listed}, changed
        except (OSError, ValueError, ValidationError) as error:
            raise ConfigurationError(
                f"the console's users cannot be read from {self.path} ({type(error).__name__})",
                remedy="Make them with: python -m console.users add NAME --role lead",
            ) from None
        return self._read

    def signed_on(self, name: str, password: str) -> User | None:
        """Who this is, None where name and password do not belong together."""
        user = self.all().get(name)
        right = matches(password, user.password if user else _NOBODY)
        return user if right else None


def save(path: Path, users: Mapping[str, User]) -> None:
    """Write the file anew, readable by its owner alone."""
    body = json.dumps([user.model_dump(mode="json") for user in users.values()], ensure_ascii=False, indent=1)
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(body + "\n")
    temporary.replace(path)


@in_one_sentence()
def main() -> None:
    """Add or remove somebody."""
    parser = argparse.ArgumentParser(prog="python -m console.users", description="Who may sign on to the console.")
    parser.add_argument("deed", choices=("add", "remove"))
    parser.add_argument("name", help="as they sign on, and as histories name them")
    parser.add_argument("--role", action="append", choices=[role.value for role in Role], default=[], help="repeatable")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    chosen = parser.parse_args()
    path = wiring.settings().console_users_file
    known = dict(Users(path).all()) if path.exists() else {}
    if chosen.deed == "remove":
        if known.pop(chosen.name, None) is None:
            parser.error(f"{path} has no {chosen.name}")
    else:
        if not chosen.role:
            parser.error("give at least one --role")
        password = sys.stdin.readline().rstrip("\n") if chosen.password_stdin else getpass.getpass("Password: ")
        if len(password) < SHORTEST:
            parser.error(f"a password has at least {SHORTEST} characters")
        known[chosen.name] = User(name=chosen.name, roles=[Role(role) for role in chosen.role], password=hashed(password))
    save(path, known)
    print(f"{path}: {len(known)} users")


if __name__ == "__main__":
    main()
