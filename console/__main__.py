"""``python -m console``: the pages, on READBACK_CONSOLE_PORT."""

import argparse
import logging
import threading

import uvicorn

import wiring
from console import hints
from console.acts import PrefectStarts
from console.app import Console, create_app
from console.ask_pages import AskSettings
from console.chat_room import room_by_settings
from console.documents import documents_to_ask
from console.oidc import Oidc, OidcSettings, parse_roles
from console.users import Users
from models.errors import in_one_sentence
from tasks.selection.champion import emotions_in_service
from wiring.configuration import Settings
from wiring.listening import IDLE_SECONDS
from wiring.logs import log_to_stderr


def provider(settings: Settings) -> Oidc | None:
    """Who signs people on, None where the users' file does; ConfigurationError where settings are missing."""
    if not settings.console_oidc_issuer:
        return None
    return Oidc(
        OidcSettings(
            issuer=settings.console_oidc_issuer,
            client_id=settings.console_oidc_client_id,
            client_secret=settings.console_oidc_client_secret.get_secret_value(),
            address=settings.console_address,
            roles=parse_roles(settings.console_oidc_roles),
            roles_claim=settings.console_oidc_roles_claim,
            name_claim=settings.console_oidc_name_claim,
            scope=settings.console_oidc_scope,
            session_seconds=settings.console_oidc_minutes * 60,
        )
    )


@in_one_sentence()
def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m console", description="The console's pages; settings in docs/configuration.md.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, behind a proxy that speaks TLS)")
    parser.add_argument("--behind-proxy", action="store_true", help="take who asks from X-Forwarded-For, whoever sends it")
    chosen = parser.parse_args()
    log_to_stderr("%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = wiring.settings()
    users, oidc = Users(settings.console_users_file), provider(settings)
    if oidc is None:
        users.all()
    console = Console(
        store=wiring.object_store(),
        index=wiring.call_index(),
        users=users,
        secret=settings.console_secret.get_secret_value(),
        start=PrefectStarts(),
        secure=settings.console_secure_cookies,
        prefect_url=settings.console_prefect_url.rstrip("/"),
        sample_percent=settings.console_sample_percent,
        oidc=oidc,
        ask=AskSettings.of(settings),
        documents=documents_to_ask(),
        prices=wiring.prices(),
        chat=room_by_settings(),
    )
    threading.Thread(target=hints.load, name="hints", daemon=True).start()  # a second that the first page of a call need not wait for
    threading.Thread(target=emotions_in_service().follow, name="load-emotions", daemon=True).start()  # no page waits for it
    logging.getLogger("readback.console").info("The console listens on %s:%s", chosen.host, settings.console_port)
    uvicorn.run(
        create_app(console),
        host=chosen.host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
        forwarded_allow_ips="*" if chosen.behind_proxy else "127.0.0.1",
    )


if __name__ == "__main__":
    main()
