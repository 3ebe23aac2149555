"""The page that stands in for a proxied program that cannot be shown."""

from __future__ import annotations

from html import escape
from string import Template

# How long until the page looks again. It reloads without any script, so it works under every
# content policy.
RELOAD_SECONDS = 3

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
$reload<title>$title</title>
<style>
body { font-family: system-ui, sans-serif; line-height: 1.5; }
body { max-width: 38rem; margin: 15vh auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; }
p.remedy { opacity: .75; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } }
</style>
</head>
<body>
<main role="status">
<h1>$title</h1>
$message
<p class="remedy">$remedy</p>
</main>
</body>
</html>
""")


def unavailable(title: str, message: str, remedy: str | None, *, reloads: bool) -> str:
    """A page that says why there is nothing to see, and what would do.

    It looks again by itself when it ``reloads``.
    """
    element = "pre" if "\n" in message else "p"
    return _PAGE.substitute(
        title=escape(title),
        message=f"<{element}>{escape(message)}</{element}>",
        remedy=escape(remedy or ""),
        reload=f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">\n' if reloads else "",
    )
