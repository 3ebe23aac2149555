"""What the proxy changes, for base URLs as JupyterHub gives them."""

from __future__ import annotations

import pytest

from jupyter_trainhub.server import rewrite

UPSTREAM = "/trainhub/instances/dev/lab"
PUBLIC = ["/a%40b/trainhub/instances/dev/lab", "/user/x/trainhub/instances/dev/lab", UPSTREAM]


def test_credentials_and_connection_headers_stop_at_the_proxy() -> None:
    kept = rewrite.request_headers(
        [
            ("Cookie", "_xsrf=1"),
            ("Authorization", "token mine"),
            ("Host", "hub"),
            ("Origin", "https://hub"),
            ("Referer", "https://hub/?token=mine"),
            ("X-XSRFToken", "1"),
            ("Connection", "keep-alive, X-Hop"),
            ("X-Hop", "1"),
            ("Sec-WebSocket-Key", "1"),
            ("Impersonate-User", "admin"),
            ("impersonate-extra-x", "1"),
            ("X-Remote-Group", "system:masters"),
            ("Accept", "*/*"),
        ]
    )
    assert kept == [("Accept", "*/*"), ("Accept-Encoding", "identity")]


def test_only_a_compression_that_can_be_undone_is_asked_for() -> None:
    kept = rewrite.request_headers([("Accept-Encoding", "gzip, br, zstd")])
    assert kept == [("Accept-Encoding", "gzip")]


def test_the_upstream_sets_no_cookies_and_opens_no_origins() -> None:
    kept = rewrite.response_headers(
        [
            ("Set-Cookie", "a=1"),
            ("Access-Control-Allow-Origin", "*"),
            ("Clear-Site-Data", '"*"'),
            ("Strict-Transport-Security", "max-age=99999999; includeSubDomains"),
            ("Alt-Svc", 'h2="elsewhere:443"'),
            ("Report-To", "{}"),
            ("NEL", "{}"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Type", "text/plain"),
        ],
        upstream=UPSTREAM,
        public=PUBLIC[0],
    )
    assert kept == [("Content-Type", "text/plain")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        ("a=1&token=x&b=%2F+", "a=1&b=%2F+"),
        ("tok%65n=x", ""),
        ("tokens=1&token", "tokens=1"),
    ],
)
def test_the_token_is_taken_out_of_the_query_and_the_rest_is_left_alone(
    raw: str, expected: str
) -> None:
    assert rewrite.query(raw) == expected


@pytest.mark.parametrize(
    ("path", "climbs"),
    [
        ("/../../api/v1/secrets", True),
        ("/a/..", True),
        ("/%2e%2E/x", True),
        ("/a%2f..%2Fb", True),
        ("/a\\..\\b", True),
        ("/api/contents/a..b/...", False),
        ("", False),
    ],
)
def test_a_path_that_leads_upwards(path: str, climbs: bool) -> None:
    assert rewrite.climbs(path) is climbs


@pytest.mark.parametrize("public", PUBLIC)
def test_redirects_stay_below_the_public_prefix(public: str) -> None:
    def moved(value: str) -> str:
        return rewrite.location(value, upstream=UPSTREAM, public=public)

    assert moved(f"{UPSTREAM}/lab?x=1#top") == f"{public}/lab?x=1#top"
    assert moved(UPSTREAM) == public
    assert moved(f"http://10.0.0.7:8888{UPSTREAM}/lab") == f"{public}/lab"
    assert moved("tree?") == "tree?"
    assert moved(f"{UPSTREAM}oratory") == f"{UPSTREAM}oratory"
    assert moved("https://example.org/x") == "https://example.org/x"


@pytest.mark.parametrize("public", PUBLIC)
def test_documents_name_the_public_prefix(public: str) -> None:
    body = f"""<a href="{UPSTREAM}/static/x.js"></a> {{"baseUrl": "{UPSTREAM}/"}} url({UPSTREAM}/y)
    /home{UPSTREAM}/z http://host{UPSTREAM}/z {UPSTREAM}oratory/"""
    rewritten = rewrite.document(body.encode(), upstream=UPSTREAM, public=public).decode()
    assert f'href="{public}/static/x.js"' in rewritten
    assert f'"baseUrl": "{public}/"' in rewritten
    assert f"url({public}/y)" in rewritten
    assert f"/home{UPSTREAM}/z http://host{UPSTREAM}/z {UPSTREAM}oratory/" in rewritten


def test_rewriting_twice_changes_nothing_more() -> None:
    once = rewrite.document(f"'{UPSTREAM}/x'".encode(), upstream=UPSTREAM, public=PUBLIC[1])
    assert rewrite.document(once, upstream=UPSTREAM, public=PUBLIC[1]) == once


def test_the_upstreams_token_is_blanked() -> None:
    body = b'{"token": "s3cret"}'
    assert (
        rewrite.document(body, upstream=UPSTREAM, public=UPSTREAM, secret="s3cret")
        == b'{"token": ""}'
    )


@pytest.mark.parametrize(
    ("path", "folder"), [("", "./"), ("data/plugin/projector/x.html", "./../../../")]
)
def test_fonts_are_asked_for_in_the_folder_of_the_first_page(path: str, folder: str) -> None:
    body = b"src:url(/font-roboto/x.woff2)"
    rewritten = rewrite.document(body, upstream="/p", public="/q", path=path)
    assert rewritten == f"src:url({folder}font-roboto/x.woff2)".encode()


def test_the_upstreams_policy_is_kept_but_for_who_may_frame() -> None:
    policy = rewrite.content_security_policy(
        ["default-src 'self'; frame-ancestors *", f"report-uri {UPSTREAM}/api/csp"],
        upstream=UPSTREAM,
        public=PUBLIC[0],
    )
    assert policy == (f"default-src 'self'; report-uri {PUBLIC[0]}/api/csp; frame-ancestors 'self'")


@pytest.mark.parametrize(
    ("path", "content_type", "expected"),
    [
        ("lab", "text/html; charset=UTF-8", True),
        ("api/kernelspecs", "application/json", True),
        ("data/plugins_listing", "application/json", True),
        ("lab/api/themes/@jupyterlab/x/index.css", "text/css", True),
        ("static/lab/main.js", "text/javascript", False),
        ("api/contents/a.html", "text/html", False),
        ("api/contents/a.ipynb", "application/json", False),
        ("files/report.html", "text/html", False),
    ],
)
def test_pages_are_documents_and_the_users_files_are_not(
    path: str, content_type: str, expected: bool
) -> None:
    assert rewrite.is_document(path, content_type) is expected


def test_a_person_at_work_is_told_from_a_page_that_polls() -> None:
    def counts(method: str, mode: str = "cors", *, reads_by_post: bool = False) -> bool:
        headers = {"Sec-Fetch-Mode": mode}
        return rewrite.counts_as_activity(method, headers, reads_by_post=reads_by_post)

    assert counts("GET", "navigate")
    assert counts("PUT")
    assert not counts("GET")
    assert not counts("POST", reads_by_post=True)
