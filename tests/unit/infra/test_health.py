"""The health check tells a process that answers from one that does not."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from infra.local.ports import free_port
from infra.runtime.health import answers, main
from infra.runtime.metrics import serve_metrics
from infra.runtime.settings import Settings


def test_own_metrics_are_asked_without_an_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIANDAN_METRICS_PORT", str(free_port()))
    assert main([]) == 1
    assert "no answer" in capsys.readouterr().err
    monkeypatch.setenv("LIANDAN_METRICS_PORT", str(serve_metrics(Settings(metrics_port=0))))
    assert main([]) == 0


def test_each_address_must_answer_with_a_success_and_no_proxy_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        refusing = f"http://127.0.0.1:{server.server_port}/healthz"
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        alive = f"http://127.0.0.1:{serve_metrics(Settings(metrics_port=0))}/metrics"
        assert answers(alive)
        assert not answers(refusing)
        assert main([alive]) == 0
        assert main([alive, refusing]) == 1
    finally:
        server.shutdown()


def test_only_http_addresses_are_asked() -> None:
    with pytest.raises(ValueError, match="http"):
        answers("file:///etc/passwd")
