"""The address of a team's database, which may hold a password: nothing but this module reads it, nothing shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cascode_team.errors import TeamSetupError

_EXAMPLE = "postgresql://ana@db.example.org/code?sslmode=verify-full"
#: Shown in the place of a password.
_HIDDEN = "***"
#: A host that no longer answers packets is noticed after 25 s, also while it is asked; the system waits for hours.
_WATCHED = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a team's database is."""

    #: For libpq alone; not part of any representation.
    conninfo: str = field(repr=False)
    #: Host and database.
    label: str
    #: What must never be shown; empty where there is none.
    password: str = field(repr=False, default="")

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read an address.

        Args:
            url: ``postgresql://user:password@host/database``, several hosts separated by commas.

        Raises:
            TeamSetupError: It is none; the message does not repeat it, since it may hold a password.
        """
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        if not url.startswith(("postgresql://", "postgres://")):
            raise TeamSetupError(f"team.url is no address of a database (it is not shown here): write it as {_EXAMPLE}")
        try:
            parts: dict[str, Any] = conninfo_to_dict(url)
        except ProgrammingError:
            raise TeamSetupError(f"team.url cannot be read (it is not shown here): write it as {_EXAMPLE}") from None
        hosts, ports = str(parts.get("host") or "localhost").split(","), str(parts.get("port") or "").split(",")
        if len(ports) < len(hosts):
            ports += ports[-1:] * (len(hosts) - len(ports))
        named = [f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False)]
        label = f"{','.join(named)}/{parts.get('dbname') or parts.get('user') or ''}"
        return cls(url, label, str(parts.get("password") or ""))

    def watched(self) -> str:
        """Return what libpq connects with: the address, and when a silent host is gone, where it does not say so."""
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        said = conninfo_to_dict(self.conninfo)
        return make_conninfo(self.conninfo, **{name: value for name, value in _WATCHED.items() if name not in said})

    def clean(self, message: str) -> str:
        """Return a message of the database on one line, without the password."""
        line = " ".join(message.split())
        if self.password:
            line = line.replace(self.password, _HIDDEN)
        return line.replace(self.conninfo, self.label)
