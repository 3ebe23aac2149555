"""Names: those that the API server makes up, and what may be one.

The functions that check a text return what is wrong with it, in Kubernetes' words. Source:
k8s.io/apimachinery, packages util/validation and api/validate/content.
"""

from __future__ import annotations

import random
import re

# Kubernetes' own alphabet for generated names: no vowels, nothing that looks like another.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

_MADE_UP = 5  # characters
_LONGEST = 63  # bytes of a label, or of a name that is made up

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_ENDS = "and must start and end with an alphanumeric character"
_KEY_TEXT = f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"
_EXAMPLE = "example.com/MyName"


def generate(base: str) -> str:
    """A name that begins with ``base``, as in ``train-x7k2p``."""
    return base[: _LONGEST - _MADE_UP] + "".join(random.choices(ALPHABET, k=_MADE_UP))


def _check(pattern: str, text: str, most: int, rule: str, *examples: str) -> list[str]:
    faults = [f"must be no more than {most} bytes"] if len(text.encode()) > most else []
    if not re.fullmatch(pattern, text):
        shown = " or ".join(f"'{example}', " for example in examples)
        faults.append(f"{rule} (e.g. {shown}regex used for validation is '{pattern}')")
    return faults


def label(text: str) -> list[str]:
    """A label of RFC 1123: the name of a namespace or container."""
    rule = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS}"  # noqa: E501
    faults = _check(LABEL, text, _LONGEST, rule, "my-name", "123-abc")
    if faults and re.fullmatch(_SUBDOMAIN, text) and "." in text:
        faults[-1] = "must not contain dots"
    return faults


def dns1035(text: str) -> list[str]:
    """A label of RFC 1035, which begins with a letter: the name of a Service."""
    rule = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character"
    )
    return _check(_DNS1035, text, _LONGEST, rule, "my-name", "abc-123")


def subdomain(text: str) -> list[str]:
    """A subdomain of RFC 1123: most names."""
    rule = f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}"  # noqa: E501
    return _check(_SUBDOMAIN, text, 253, rule, "example.com")


def path_segment(text: str) -> list[str]:
    """What only must fit into a path: the name of a role."""
    faults = [f"may not be '{bad}'" for bad in (".", "..") if text == bad]
    return faults + [f"may not contain '{bad}'" for bad in ("/", "%") if bad in text]


def label_key(text: str) -> list[str]:
    """The key of a label or annotation, the name of a finalizer: ``example.com/name``."""
    *prefix, name = text.split("/")
    examples = ("MyName", "my.name", "123-abc")
    if len(prefix) > 1:
        fault = _check(_KEY, "", _LONGEST, f"a valid label key {_KEY_TEXT}", *examples)[0]
        return [f"{fault} with an optional DNS subdomain prefix and '/' (e.g. '{_EXAMPLE}')"]
    faults = [] if prefix != [""] else ["prefix part must be non-empty"]
    faults += [f"prefix part {fault}" for part in prefix if part for fault in subdomain(part)]
    faults += [] if name else ["name part must be non-empty"]
    return faults + [f"name part {f}" for f in _check(_KEY, name, _LONGEST, _KEY_TEXT, *examples)]


def label_value(text: str) -> list[str]:
    """The value of a label."""
    rule = f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"  # noqa: E501
    return _check(f"({_KEY})?", text, _LONGEST, rule, "MyValue", "my_value", "12345")


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or Secret."""
    rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    faults = _check(_CONFIG_KEY, text, 253, rule, "key.name", "KEY_NAME", "key-name")
    if text in (".", ".."):
        return [*faults, f"must not be '{text}'"]
    return [*faults, "must not start with '..'"] if text.startswith("..") else faults
