"""What passes between VS Code's page and its server, as far as the proxy has to know; all pure.

Both IDEs are VS Code. Its websockets carry frames of 13 bytes and JSON or calls by name, which
stand there as plain text (src/vs/base/parts/ipc, src/vs/workbench/services/extensions/common).
"""

from __future__ import annotations

# Calls that follow from what a person does: types, saves, moves the cursor, uses the terminal or a
# command. All others come by themselves, also from a page that nobody looks at.
_WORK = (
    b"$acceptModelChanged",
    b"$acceptModelSaved",
    b"$acceptEditorPropertiesChanged",
    b"$acceptTerminalInteraction",
    b"$executeContributedCommand",
)
# Names stand at the beginning of a call; what a person pastes comes after.
_SEARCHED = 2**16

# What a page that was given no connection token says first (remoteAgentConnection.ts). The cookie
# that would tell it the token stays with us.
_NO_TOKEN = b"0" * 20
_AUTH = b'{"type":"auth","auth":"%s"'
TOKEN_LENGTH = len(_NO_TOKEN)


def shows_work(message: str | bytes) -> bool:
    """Whether a message of the page shows that a person is at work."""
    if isinstance(message, str):
        return False
    beginning = message[:_SEARCHED]
    return any(name in beginning for name in _WORK)


def with_token(message: str | bytes, token: str) -> str | bytes:
    """A message of the page, its connection token filled in where it has none.

    A connection token has :data:`TOKEN_LENGTH` characters, so that the length in the frame stays
    right; what has another length is none, for code-server's page needs none.
    """
    if isinstance(message, str) or len(message) > _SEARCHED or len(token) != TOKEN_LENGTH:
        return message
    return message.replace(_AUTH % _NO_TOKEN, _AUTH % token.encode(), 1)
