"""Who comes in and what is handed out, asked without a browser."""

from __future__ import annotations

import html
import http.client
import stat
from pathlib import Path

import pytest

from mhc_lab.core import shipped
from mhc_lab.core.errors import ConfigurationError
from mhc_lab.serve import Served, dashboards, serve
from mhc_lab.serve.rules import CONTENT_SECURITY_POLICY, LOOPBACK

pytestmark = pytest.mark.browser


class Answer:
    """What a server says to one request."""

    def __init__(self, port: int, path: str, *, host: str | None = None) -> None:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": host} if host else {})
            response = connection.getresponse()
            self.status, self.headers = response.status, response.headers
            self.text = response.read().decode()
        finally:
            connection.close()


def with_token(served: Served, path: str) -> str:
    return f"{path}?token={served.token.reveal()}"


def test_without_the_token_every_page_leads_to_the_login(served: Served) -> None:
    for path in ("/", f"/voila/render/{dashboards()[0].path}", "/voila/tree/"):
        answer = Answer(served.voila.port, path)

        assert answer.status == 302
        assert answer.headers["Location"].startswith("/login")


def test_jupyterlab_wants_the_token_too(served: Served) -> None:
    assert Answer(served.lab.port, "/api/contents").status == 403


def test_with_the_token_the_front_page_lists_every_dashboard(served: Served) -> None:
    front = Answer(served.voila.port, with_token(served, "/"))

    assert front.status == 200
    assert [one.question in html.unescape(front.text) for one in dashboards()] == [True] * len(dashboards())


def test_every_page_carries_the_content_security_policy(served: Served) -> None:
    front = Answer(served.voila.port, with_token(served, "/"))

    assert front.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert front.headers["X-Content-Type-Options"] == "nosniff"
    assert front.headers["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused(served: Served) -> None:
    assert Answer(served.voila.port, with_token(served, "/"), host="evil.example").status == 403
    assert Answer(served.lab.port, with_token(served, "/lab"), host="evil.example").status == 403


@pytest.mark.parametrize("path", ["overview.ipynb", "picture.png", "../voila.json"])
def test_no_file_is_handed_out(served: Served, path: str) -> None:
    assert Answer(served.voila.port, with_token(served, f"/voila/files/{path}")).status == 403


def test_a_page_that_does_not_exist_says_so_in_the_same_look(served: Served) -> None:
    answer = Answer(served.voila.port, with_token(served, "/voila/tree/nowhere"))

    assert answer.status == 404
    assert "There is no such page." in answer.text


def test_nobody_else_reads_what_the_servers_were_told(served: Served, served_home: Path) -> None:
    holders = [path for path in (served_home / "serve").iterdir() if path.suffix == ".json" or path.name == "token"]

    assert len(holders) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


def test_the_token_is_on_no_command_line_and_in_no_environment(served: Served) -> None:
    secret = served.token.reveal().encode()

    for child in (served.lab, served.voila):
        seen = [Path(f"/proc/{child.process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        assert secret not in b"".join(seen)


def test_the_token_is_in_no_log(served: Served) -> None:
    Answer(served.voila.port, with_token(served, "/"), host="evil.example")
    Answer(served.voila.port, with_token(served, "/voila/files/picture.png"))
    Answer(served.lab.port, with_token(served, "/lab"), host="evil.example")

    for child in (served.lab, served.voila):
        assert served.token.reveal() not in child.log.read_text(encoding="utf-8")


def test_a_second_start_takes_other_ports_and_the_same_token(served: Served, served_home: Path) -> None:
    with serve(served_home, lab_port=served.lab.port, dashboard_port=served.voila.port) as second:
        assert second.token == served.token
        assert second.voila.port != served.voila.port
        assert Answer(second.voila.port, with_token(second, "/")).status == 200
        assert second.page("a.ipynb").startswith(f"http://{LOOPBACK}:{second.voila.port}/voila/render/a.ipynb?token=")
        assert str(shipped.folder("notebooks")) in (served_home / "serve" / "voila.json").read_text(encoding="utf-8")

    assert second.lab.process.poll() is not None
    assert second.voila.process.poll() is not None


def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    (tmp_path / "serve").mkdir()
    (tmp_path / "serve" / "voila.py").write_text("raise SystemExit('no voila today')\n")

    with pytest.raises(ConfigurationError, match=r"(?s)Voila has stopped.*no voila today"), serve(tmp_path):
        raise AssertionError("it must not come to this")
