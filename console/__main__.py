"""``python -m console``: the pages, on READBACK_CONSOLE_PORT."""

import argparse
import logging
import threading

import uvicorn

import wiring
from console.acts import PrefectStarts
from console.app import Console, create_app
from console.chat_room import room_by_settings
from console.documents import documents_to_ask
from console.users import Users
from models.errors import in_one_sentence
from tasks.selection.champion import emotions_in_service
from wiring.logs import log_to_stderr


@in_one_sentence()
def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m console", description="The console's pages; settings in docs/configuration.md.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, behind a proxy that speaks TLS)")
    parser.add_argument("--behind-proxy", action="store_true", help="take who asks from X-Forwarded-For, whoever sends it")
    chosen = parser.parse_args()
    log_to_stderr("%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = wiring.settings()
    users = Users(settings.console_users_file)
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
        ask=documents_to_ask(),
        chat=room_by_settings(),
    )
    threading.Thread(target=emotions_in_service().follow, name="load-emotions", daemon=True).start()  # no page waits for it
    logging.getLogger("readback.console").info("The console listens on %s:%s", chosen.host, settings.console_port)
    uvicorn.run(
        create_app(console),
        host=chosen.host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        forwarded_allow_ips="*" if chosen.behind_proxy else "127.0.0.1",
    )


if __name__ == "__main__":
    main()
