"""``justfit ui`` with a leak of each kind, for the test that the soak finds it: started as that is."""

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from justfit.web.app import App, app
from justfit.web.serving import serve


class Leaking(App):
    """Keeps something of every request."""

    def __init__(self, inner: App) -> None:
        self.__dict__ = inner.__dict__
        self._kept: list[object] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._kept += [os.urandom(100_000), open(os.devnull)]  # noqa: PTH123, SIM115 - kept open, as leaks are
        if len(self._kept) % 20 == 0:
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        await super().__call__(scope, receive, send)


if __name__ == "__main__":
    store, port = (sys.argv[sys.argv.index(option) + 1] for option in ("--store", "--port"))
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}/\n")
    sys.stdout.flush()
    serve(Leaking(app(Path(store))), listening)
