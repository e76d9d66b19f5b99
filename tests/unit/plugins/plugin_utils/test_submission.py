# Copyright (c) 2026 The icann.imrs authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message given to a real mail server, and to servers with which something is wrong."""

from __future__ import annotations

import pathlib
import socket
import threading
import typing as t

import imrs_mail
import pytest
from ansible_collections.icann.imrs.plugins.plugin_utils import submission
from ansible_collections.icann.imrs.plugins.plugin_utils.submission import Answer, Server, SubmissionError, UnknownError

HERE, OTHER = "127.0.0.1", "mail.example"
OCTETS = b"Subject: x\r\n\r\nfirst\r\n.\r\n.. last\r\n"
A, B = "a@host.example", "b@host.example"
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> imrs_mail.Authority:
    return imrs_mail.authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name mail.example leads to this machine, and looks like another one."""
    real = socket.getaddrinfo

    def lead(host: t.Any, *more: t.Any, **options: t.Any) -> t.Any:
        return real(HERE if host == OTHER else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lead)


class Before:
    """Notes what the caller was asked right before the message went."""

    def __init__(self, post: imrs_mail.Post | None = None) -> None:
        self.calls: list[tuple[list[str], dict[str, str]]] = []
        self._post, self._taken = post, len(post.messages) if post else 0

    def __call__(self, accepted: list[str], refused: dict[str, str]) -> None:
        assert not self._post or len(self._post.messages) == self._taken
        self.calls.append((accepted, refused))


def submit(post: imrs_mail.Post, before: t.Any = None, to: t.Sequence[str] = (A, B), **options: t.Any) -> Answer:
    options = {"host": HERE, "timeout": 20.0, **options}
    return submission.submit(Server(port=post.port, **options), "noc@imrs.example", to, OCTETS, before or Before(post))


def test_every_octet_arrives_once_over_a_line_that_is_encrypted(
    authority: imrs_mail.Authority, elsewhere: None
) -> None:
    with imrs_mail.running(imrs_mail.Post(), authority.server(OTHER)) as post:
        before = Before(post)
        answer = submit(post, before, host=OTHER, ca_file=authority.file)
    assert answer == Answer({A: "250 taken as 1", B: "250 taken as 1"}, {})
    assert before.calls == [([A, B], {})]
    (message,) = post.messages
    assert message == ("noc@imrs.example", [A, B], OCTETS, True, "")


def test_who_is_refused_keeps_it_from_no_other() -> None:
    with imrs_mail.running(imrs_mail.Post(refuses={A: "550 no such\tuser"})) as post:
        before = Before(post)
        answer = submit(post, before)
    assert answer == Answer({B: "250 taken as 1"}, {A: "550 no such user"})
    assert before.calls == [([B], {A: "550 no such user"})]
    assert [message.to for message in post.messages] == [[B]]


def test_where_all_are_refused_nothing_goes() -> None:
    with imrs_mail.running(imrs_mail.Post(refuses={A: "550 no", B: "450 later"})) as post:
        before = Before()
        assert submit(post, before) == Answer({}, {A: "550 no", B: "450 later"})
    assert (before.calls, post.messages) == ([], [])


def test_a_message_that_is_refused_is_refused_for_all() -> None:
    with imrs_mail.running(imrs_mail.Post(refuses={"DATA": "554 looks like spam", B: "550 no"})) as post:
        assert submit(post) == Answer({}, {B: "550 no", A: "554 looks like spam"})


@pytest.mark.parametrize(
    ("refuses", "why"),
    [
        ({"MAIL": "553 who is that"}, "does not take the sender noc@imrs.example: 553 who is that"),
        ({A: "421 shutting down"}, "421 shutting down"),
    ],
)
def test_a_server_that_does_not_begin_has_nothing(refuses: dict[str, str], why: str) -> None:
    before = Before()
    with imrs_mail.running(imrs_mail.Post(refuses=refuses)) as post, pytest.raises(SubmissionError, match=why):
        submit(post, before)
    assert (before.calls, post.messages) == ([], [])


def test_one_that_hangs_up_with_the_message_may_have_it() -> None:
    with imrs_mail.running(imrs_mail.Post(hangs_up=True)) as post:
        before = Before()
        with pytest.raises(UnknownError, match=rf"^127.0.0.1:{post.port}: "):
            submit(post, before)
    assert len(before.calls) == len(post.messages) == 1


def test_what_the_caller_cannot_note_is_not_sent() -> None:
    def full(_accepted: list[str], _refused: dict[str, str]) -> None:
        raise OSError("no space left")

    with imrs_mail.running(imrs_mail.Post()) as post:
        with pytest.raises(OSError, match="no space left"):
            submit(post, full)
        submit(post)
    assert len(post.messages) == 1


def test_a_server_that_is_down_has_nothing() -> None:
    with socket.create_server((HERE, 0)) as taken:
        post = imrs_mail.Post(port=taken.getsockname()[1])
    with pytest.raises(SubmissionError, match="Connection refused"):
        submit(post)


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server((HERE, 0)) as silent, pytest.raises(SubmissionError, match="timed out"):
        submit(imrs_mail.Post(port=silent.getsockname()[1]), timeout=0.2)


def test_a_server_that_is_none_is_told() -> None:
    with socket.create_server((HERE, 0)) as other:

        def greet() -> None:
            line, _peer = other.accept()
            with line:
                line.sendall(b"SSH-2.0-OpenSSH_10.0\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(SubmissionError):
            submit(imrs_mail.Post(port=other.getsockname()[1]))
        thread.join()


def test_nothing_goes_in_clear_text_over_a_network_unless_told(elsewhere: None) -> None:
    with imrs_mail.running(imrs_mail.Post()) as post:
        with pytest.raises(SubmissionError, match="offers no STARTTLS, so the message would go in clear text"):
            submit(post, host=OTHER)
        assert post.messages == []
        submit(post, host=OTHER, cleartext=True)
        submit(post)
    assert [message.encrypted for message in post.messages] == [False, False]


@pytest.mark.parametrize("cleartext", [False, True])
def test_a_certificate_that_is_not_right_is_refused_whatever_is_allowed(
    authority: imrs_mail.Authority, elsewhere: None, tmp_path: pathlib.Path, cleartext: bool
) -> None:
    stranger = imrs_mail.authority(tmp_path / "stranger")
    with imrs_mail.running(imrs_mail.Post(), authority.server("other.example")) as post:
        with pytest.raises(SubmissionError, match="its certificate is not taken: Hostname mismatch"):
            submit(post, host=OTHER, ca_file=authority.file, cleartext=cleartext)
        with pytest.raises(SubmissionError, match="its certificate is not taken: "):
            submit(post, host=OTHER, ca_file=stranger.file, cleartext=cleartext)
        with pytest.raises(SubmissionError, match="its certificate is not taken: "):
            submit(post, cleartext=cleartext)
    assert post.messages == []


def test_a_server_of_an_address_has_it_in_its_certificate(authority: imrs_mail.Authority) -> None:
    with imrs_mail.running(imrs_mail.Post(), authority.server(HERE)) as post:
        submit(post, ca_file=authority.file)
    assert [message.encrypted for message in post.messages] == [True]


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_named(tmp_path: pathlib.Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(SubmissionError, match=rf"{path}: .*give certificates in PEM"):
        submit(imrs_mail.Post(port=9), ca_file=str(path))


def test_who_logs_in_is_let_in(authority: imrs_mail.Authority) -> None:
    with imrs_mail.running(imrs_mail.Post(password=PASSWORD), authority.server(HERE)) as post:
        submit(post, ca_file=authority.file, username="imrs", password=PASSWORD)
    assert [message.user for message in post.messages] == ["imrs"]


@pytest.mark.parametrize("password", ["wrong horse", "Pferd über Pferd"])
def test_a_wrong_password_is_not_shown(authority: imrs_mail.Authority, password: str) -> None:
    with (
        imrs_mail.running(imrs_mail.Post(password=PASSWORD), authority.server(HERE)) as post,
        pytest.raises(SubmissionError, match="user name and password") as error,
    ):
        submit(post, ca_file=authority.file, username="imrs", password=password)
    assert password not in str(error.value)
    assert error.value.__cause__ is None
    assert post.messages == []
    assert password not in repr(Server("mail.example", 587, password=password))


def test_a_password_never_goes_in_clear_text(elsewhere: None) -> None:
    with (
        imrs_mail.running(imrs_mail.Post(password=PASSWORD)) as post,
        pytest.raises(SubmissionError, match="a password never goes in clear text"),
    ):
        submit(post, host=OTHER, cleartext=True, username="imrs", password=PASSWORD)
    assert post.messages == []


def test_a_server_without_passwords_is_told() -> None:
    with (
        imrs_mail.running(imrs_mail.Post()) as post,
        pytest.raises(SubmissionError, match="takes no user names and passwords"),
    ):
        submit(post, username="imrs", password=PASSWORD)


def test_an_address_of_ipv6_is_shown_in_brackets() -> None:
    assert str(Server("::1", 25)) == "[::1]:25"
