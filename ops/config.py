"""Settings of an installation, read from the environment (`TOUCHSTONE_…`) once per process."""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set. Every name is `TOUCHSTONE_` and the field in capitals."""

    model_config = SettingsConfigDict(env_prefix="TOUCHSTONE_", extra="ignore")

    home: Path = Field(
        Path(".touchstone"), description="Folder for the embedded database and uploads"
    )
    owner_url: str = Field("", description="URL of the role that migrates; empty: DATABASE_URL")
    database_url: str = Field("", validation_alias="DATABASE_URL", description="URL of the service")
    base_url: str = Field("http://127.0.0.1:8000", description="Address that people use")
    asset_roots: str = Field("", description="Folders assets may be read from, separated by ':'")
    asset_protocols: str = Field(
        "", description="fsspec protocols allowed besides folders, e.g. 's3,gcs'"
    )
    secure_cookies: bool = Field(False, description="Set behind https")
    trusted_proxies: int = Field(0, description="Reverse proxies in front of the web process")
    session_hours: int = Field(12, description="Hours until a person signs in again")
    max_upload_mb: int = Field(512, description="Largest upload")
    smtp_url: str = Field(
        "", description="smtp://user:password@host:port; empty: links are shown, not mailed"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least important events that are logged"
    )
    network_memory_mb: int = Field(
        8192, description="Most memory of the process that runs a client's network on the CPU"
    )
    rescore_workers: str = Field(
        "1", description="Who re-scores: a number of processes, or devices as 'cuda:0,cuda:1'"
    )
    rescore_cluster: str = Field(
        "", description="Address of a Ray cluster that re-scores ('auto', host:port); empty: none"
    )
    seal_events_after_days: int = Field(
        7, ge=0, description="Days after which the work events of a day are written to a file"
    )
    keep_events_months: int = Field(
        0,
        ge=0,
        description="Whole months of work events that stay in the database besides the current "
        "one; earlier ones stay in files alone; 0 keeps all",
    )
    webhooks_to_loopback: bool = Field(
        False, description="Let webhooks use http and name this very machine: to try them out"
    )
    demo: bool = Field(False, description="Say on every page that the labellers are simulated")

    @property
    def roots(self) -> list[Path]:
        """Folders from which assets may be read: the given ones and the upload folder."""
        given = [Path(p) for p in self.asset_roots.split(":") if p]
        return [p.resolve() for p in [*given, self.media]]

    @property
    def media(self) -> Path:
        """Folder in which uploaded assets lie."""
        return self.home.resolve() / "media"

    @cached_property
    def secret_key(self) -> str:
        """Key for cookies and signed URLs, made once and kept in a 0600 file."""
        path = self.home / "secret_key"
        if not path.exists():
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            # link() is atomic and fails if another process was first: both then read the same key.
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()


def load() -> Settings:
    """Read the settings from the environment.

    Raises pydantic.ValidationError; the command line turns it into one line.
    """
    return Settings()
