"""Addresses in answers of the proxy subresource."""

from __future__ import annotations

import pytest

from jupyter_trainhub.embedded.apiserver.streaming import links

PREFIX, POD, ASKED = "/api/v1/proxy", "127.0.0.9:80", "127.0.0.1:6443"


@pytest.mark.parametrize(
    ("url", "changed"),
    [
        ("/a", f"{PREFIX}/a"),
        ("/a/?q=1#f", f"{PREFIX}/a/?q=1#f"),
        ("a", "a"),
        ("../a", "../a"),
        ("", ""),
        (f"{PREFIX}/a", f"{PREFIX}/a"),
        (f"http://{POD}/a", f"{PREFIX}/a"),
        (f"https://{ASKED}/a", f"https://{ASKED}{PREFIX}/a"),
        ("http://example.org/a", "http://example.org/a"),
        ("//example.org/a", "//example.org/a"),
        ("http://[", "http://["),
        ("data:text/plain,/a", "data:text/plain,/a"),
    ],
)
def test_an_address(url: str, changed: str) -> None:
    assert links.through(url, PREFIX, POD, ASKED) == changed


@pytest.mark.parametrize(
    ("page", "changed"),
    [
        ("<a href=/x>", '<a href="!/x">'),
        ("<A HREF='/x' title='/x'>", "<A HREF=\"!/x\" title='/x'>"),
        ('<img alt="a > b" src="/x">', '<img alt="a > b" src="!/x">'),
        ('<a href="/x?a&amp;b">', '<a href="!/x?a&amp;b">'),
        ('<p src="/x"><!-- <a href="/x"> -->', '<p src="/x"><!-- <a href="/x"> -->'),
        ('<script src="/x">"<a href=/x>"</script>', '<script src="!/x">"<a href=/x>"</script>'),
        ("<style>a{}</style><link href=/x>", '<style>a{}</style><link href="!/x">'),
    ],
)
def test_a_page(page: str, changed: str) -> None:
    assert links.rewrite(page, lambda url: f"!{url}") == changed
