"""A headless Chromium that is spoken to by its DevTools protocol: pages, what they ask for, and what goes wrong on them."""

import asyncio
import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def served(folder: Path):
    """The address at which the files of a folder are served, on this machine only."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class Browser:
    """One tab. `events` are those since the last `load`."""

    def __init__(self, program: str) -> None:
        self.folder = tempfile.mkdtemp()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        options += [
            "--disable-dev-shm-usage",
            "--remote-debugging-port=0",
            f"--user-data-dir={self.folder}",
            "about:blank",
        ]
        self.process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.loop = asyncio.new_event_loop()
        self.events: list[dict] = []
        self.number = 0
        try:
            self.socket = self.loop.run_until_complete(self._connect())
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    async def _connect(self):
        from tornado.httpclient import AsyncHTTPClient
        from tornado.websocket import websocket_connect

        port = Path(self.folder, "DevToolsActivePort")
        until = time.monotonic() + 30
        while not (port.exists() and port.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Chromium did not start (exit status {self.process.poll()})")
            await asyncio.sleep(0.05)
        address = f"http://127.0.0.1:{port.read_text().split()[0]}/json"
        tabs = json.loads((await AsyncHTTPClient().fetch(address)).body)
        (tab,) = [tab for tab in tabs if tab["type"] == "page"][:1]
        return await websocket_connect(tab["webSocketDebuggerUrl"], max_message_size=2**28)

    async def _call(self, method, parameters):
        self.number += 1
        await self.socket.write_message(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.read_message(), 30))
            if message.get("id") == self.number:
                assert "error" not in message, (method, message)
                return message["result"]
            self.events.append(message)

    def call(self, method: str, **parameters):
        return self.loop.run_until_complete(self._call(method, parameters))

    def run(self, expression: str):
        """The value of an expression of JavaScript; of a promise, when it is there."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def load(self, address: str) -> None:
        """Go to a page and wait until it is complete and its network is idle."""
        self.events.clear()
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'", address)
        self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))")

    def until(self, condition: str, what: str) -> None:
        end = time.monotonic() + 20
        while not self.run(condition):
            assert time.monotonic() < end, f"not within 20 seconds: {what}"
            time.sleep(0.02)

    def parameters(self, method: str) -> list[dict]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def problems(self, home: str) -> list[str]:
        """Errors of the console, requests that failed, and requests to others."""
        asked = [event["request"]["url"] for event in self.parameters("Network.requestWillBeSent")]
        return [
            *(f"foreign: {url}" for url in asked if not url.startswith((home, "data:", "blob:"))),
            *(
                f"status {event['response']['status']}: {event['response']['url']}"
                for event in self.parameters("Network.responseReceived")
                if event["response"]["status"] >= 400
            ),
            *(
                f"failed: {event['errorText']}"
                for event in self.parameters("Network.loadingFailed")
                if not event.get("canceled")
            ),
            *(f"exception: {event['exceptionDetails']}" for event in self.parameters("Runtime.exceptionThrown")),
            *(
                f"console: {event['args']}"
                for event in self.parameters("Runtime.consoleAPICalled")
                if event["type"] in ("error", "warning", "assert")
            ),
            *(
                f"log: {event['entry']['text']}"
                for event in self.parameters("Log.entryAdded")
                if event["entry"]["level"] == "error"
            ),
        ]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)
