# Copyright (c) 2026, community.twilio contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks of external values: options' values beyond what an argument spec can express, and Twilio's answers.

A check takes a value and returns it, normalized, or raises ``voluptuous.Invalid`` with what is expected as the rest of
a sentence. No message repeats a secret. Answers may hold more keys than named here, and null where the specification
(``twilio_accounts_v1``) says nullable.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Callable, NamedTuple
from urllib.parse import urlsplit

from . import _libs
from ._errors import InputError

Check = Callable[[Any], Any]

#: Friendly names of credentials, keys and accounts: Twilio's error 70001 beyond it.
FRIENDLY_NAME_LENGTH = 64

#: Permissions that Twilio lets one restricted API key have.
PERMISSIONS_LIMIT = 100

#: Threads that one task may use; Twilio's own limit on concurrency is not published.
CONCURRENCY_LIMIT = 100

#: The longest wait for one attempt, in seconds; sockets take no numbers much larger.
_LONGEST_TIMEOUT = 3600.0

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
#: A block of a thousand numbers: ten characters or more, a number of 15 digits at most.
_BLOCK = re.compile(r"\+[1-9][0-9]{5,11}xxx")
#: The DER encoding of "an RSA public key", and what one of 2048 bits begins with: the lengths, the modulus' sign.
_RSA_PUBLIC_KEY = bytes.fromhex("300d06092a864886f70d0101010500")
_RSA_2048 = bytes.fromhex("30820122") + _RSA_PUBLIC_KEY + bytes.fromhex("0382010f003082010a0282010100")
#: What private keys begin with, in PKCS #8, PKCS #1 and SEC 1 form: a version's number, where a public one has none.
_PRIVATE_KEY = re.compile(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x02\x01[\x00\x01]|openssh-key-v1", re.DOTALL)
_EXPONENT_65537 = bytes.fromhex("0203010001")
#: Half of a surrogate pair, which is how Python holds bytes that are not UTF-8, and NUL, which ends a string in C.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_COUNTRY = re.compile("[A-Z]{2}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def invalid(expected: str) -> Exception:
    """Return the exception of a failed check: what was expected, as the rest of a sentence, without any secret."""
    error: Exception = _libs.voluptuous.Invalid(expected)
    return error


def check_options(checks: Mapping[str, Check], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the checked ones normalized.

    :param checks: option to its check; options that are None are not checked.
    :param values: all options.
    :raises InputError: naming the first wrong option and what is expected.
    """
    for option, value in values.items():
        for text_value in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(text_value, str) and _NO_TEXT.search(text_value):
                raise InputError(option, "expected text, got bytes that are not UTF-8, or a NUL")
    checked = dict(values)
    for option, value in values.items():
        if option in checks and value is not None:
            try:
                checked[option] = checks[option](value)
            except _libs.voluptuous.Invalid as error:
                raise InputError(option, error.msg) from None
    return checked


# Options


def sid(prefix: str) -> Check:
    """Return a check for a SID: ``prefix`` and 32 hexadecimal digits."""
    pattern = re.compile(prefix + "[0-9a-fA-F]{32}")

    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise invalid(f"expected a SID, {prefix} and 32 hexadecimal digits")
        return value

    return check


def secret_text(value: Any) -> str:
    """Check a token or an API key's secret; its form is not published, but white space is never part of one."""
    if not isinstance(value, str) or not value or re.search(r"\s", value):
        raise invalid(
            "expected a secret that is neither empty nor has white space in it (was a line end read with it?)"
        )
    return value


def aws_access_key_id(value: str) -> str:
    """Check an AWS access key id, by the rule of Twilio's error 70106."""
    if not re.fullmatch("[A-Z0-9]{20}", value):
        raise invalid("expected an AWS access key id, 20 upper-case letters and digits")
    return value


def aws_secret_access_key(value: str) -> str:
    """Check an AWS secret access key, by the rule of Twilio's error 70106."""
    if not re.fullmatch("[A-Za-z0-9/+=]{40}", value):
        raise invalid("expected an AWS secret access key, 40 characters of letters, digits, '/', '+' and '='")
    return value


def public_key(value: str) -> str:
    """Check a public key in PEM form, BEGIN and END lines optional, and return its DER bytes as one line of base64.

    Twilio takes RSA keys of 2048 bits with the exponent 65537 (errors 70101 to 70104); all of them begin and end
    alike. No message repeats the key: it may be a private one, given by mistake.
    """
    private = "expected a public key, got a private one, which was not sent. Extract its public key and give that"
    if "PRIVATE" in value:
        raise invalid(private)
    body = "".join(re.sub("-----(BEGIN|END) PUBLIC KEY-----", "", value).split())
    try:
        der = base64.b64decode(body, validate=True)
    except ValueError:
        raise invalid("expected a public key in PEM form, from BEGIN PUBLIC KEY to END PUBLIC KEY") from None
    if _PRIVATE_KEY.match(der):
        raise invalid(private)
    if der[:1] != b"\x30" or _RSA_PUBLIC_KEY not in der[:24]:
        raise invalid("expected an RSA public key in X.509 form, as 'openssl pkey -pubout' writes it")
    if not der.endswith(_EXPONENT_65537):
        raise invalid("expected an RSA public key with the exponent 65537")
    if len(der) != 294 or not der.startswith(_RSA_2048):
        raise invalid("expected an RSA public key of 2048 bits")
    return base64.b64encode(der).decode()


def friendly_name(value: str) -> str:
    """Check a friendly name: some text of 64 characters at most."""
    if not value.strip():
        raise invalid("expected a name, not an empty text")
    if len(value) > FRIENDLY_NAME_LENGTH:
        raise invalid(f"expected {FRIENDLY_NAME_LENGTH} characters at most, got {len(value)}")
    return value


def permissions(values: Sequence[str]) -> list[str]:
    """Check the permissions of a restricted API key, and return each once, sorted: they are a set."""
    for value in values:
        if not re.fullmatch("/[!-~]+", value):
            raise invalid(f"expected permissions like /twilio/messaging/messages/read, got {value!r}")
    distinct = sorted(set(values))
    if len(distinct) > PERMISSIONS_LIMIT:
        raise invalid(f"expected {PERMISSIONS_LIMIT} permissions at most, got {len(distinct)}")
    return distinct


def phone_numbers(values: Sequence[str]) -> list[str]:
    """Check numbers (E.164, or a block like +18001234xxx) and return each once, in their first order."""
    for value in values:
        if not (_E164.fullmatch(value) or _BLOCK.fullmatch(value)):
            hint = f" (YAML reads an unquoted +{value} as a number: quote it)" if value.isdecimal() else ""
            raise invalid(
                f"expected E.164, '+' and up to 15 digits that don't start with 0, or a block like +18001234xxx,"
                f" got {value!r}{hint}"
            )
    return list(dict.fromkeys(values))


def country_codes(values: Sequence[str]) -> list[str]:
    """Check country codes (ISO 3166 alpha-2) and return each once, in their first order."""
    for value in values:
        if not _COUNTRY.fullmatch(value):
            # YAML reads Norway's code as false, and Ansible converts that to this text.
            hint = " (YAML reads an unquoted NO as false: quote it)" if value == "False" else ""
            raise invalid(
                f"expected country codes of ISO 3166, each two capital letters such as 'NO', got {value!r}{hint}"
            )
    return list(dict.fromkeys(values))


def concurrency(value: int) -> int:
    """Check a number of requests in progress at once."""
    if not 1 <= value <= CONCURRENCY_LIMIT:
        raise invalid(f"expected 1 to {CONCURRENCY_LIMIT}, got {value}")
    return value


def seconds(value: float) -> float:
    """Check a duration in seconds."""
    if not 0 < value <= _LONGEST_TIMEOUT:
        raise invalid(f"expected a number of seconds greater than 0, {_LONGEST_TIMEOUT:g} at most, got {value:g}")
    return value


def not_negative(value: int) -> int:
    """Check a count that may be zero."""
    if value < 0:
        raise invalid(f"expected 0 or more, got {value}")
    return value


def date(value: str) -> str:
    """Check a day, like 2026-01-31."""
    expected = f"expected a date like 2026-01-31, got {value!r}"
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise invalid(expected)
    try:
        datetime.strptime(value, "%Y-%m-%d")
    except ValueError:
        raise invalid(expected) from None
    return value


def host_label(value: str) -> str:
    """Check a part of a host name, such as a region or an edge."""
    if not _LABEL.fullmatch(value):
        raise invalid("expected a short name of lower-case letters, digits and '-', like 'ie1' or 'dublin'")
    return value


def base_url(value: str) -> str:
    """Check a base URL: http(s), a host, perhaps a path; and return it without the last slash."""
    expected = "expected a URL like https://gateway.example.com/twilio, without user, query or fragment"
    try:
        parts = urlsplit(value)
        port_is_number = parts.port is None or parts.port >= 0
    except ValueError:
        raise invalid(expected) from None
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    # As the library encodes a host's name: https://www.rfc-editor.org/rfc/rfc1034#section-3.1
    is_host = all(0 < len(label) <= 63 for label in (parts.hostname or "").removesuffix(".").split("."))
    # No blanks, line ends or look-alike letters, and nothing that libraries parse differently.
    is_clean = re.fullmatch(r"[!-~]+", value) and "\\" not in value
    if parts.scheme not in ("http", "https") or not (is_host and plain and port_is_number and is_clean):
        raise invalid(expected)
    return value.rstrip("/")


# Answers


def iso_date(value: str | None) -> str | None:
    """Return a date of Twilio's (ISO 8601 or RFC 2822, both occur) as ISO 8601 in UTC, like 2026-01-31T04:00:00Z.

    An empty text is none.
    """
    if value is None or value == "":
        return None
    try:
        # Python before 3.11 reads no "Z".
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text(value)))
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            raise invalid("expected a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    try:
        # Not strftime: it writes the year 1 as "1" on some systems.
        return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    except OverflowError:
        raise invalid("expected a date between the years 1 and 9999") from None


def answer(**keys: Check) -> Check:
    """Return a check for an answer that is an object: the keys named, each by its check, and any others.

    A key that is absent counts as null.
    """

    @lru_cache(maxsize=1)
    def schema() -> Any:
        wanted = {_libs.voluptuous.Required(key, default=None): check for key, check in keys.items()}
        return _libs.voluptuous.Schema(wanted, extra=_libs.voluptuous.ALLOW_EXTRA)

    def check(value: Any) -> Any:
        return schema()(value)

    return check


def nullable(check: Check) -> Check:
    """Return the check, which then accepts null, too."""
    return lambda value: None if value is None else check(value)


def text(value: Any) -> str:
    """Return an answer's text; half of a surrogate pair, which JSON may hold and nothing can print, is replaced."""
    if not isinstance(value, str):
        raise invalid("expected text")
    return value.encode("utf-8", "replace").decode()


def flag(value: Any) -> bool:
    """Return an answer's true or false."""
    if not isinstance(value, bool):
        raise invalid("expected true or false")
    return value


def country_code(value: Any) -> str:
    """Return an answer's country code."""
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise invalid("expected a country code")
    return value


def error_code(value: Any) -> int:
    """Return the error code that an answer gives for a part of the request; 0 is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("expected an error code")
    return value


def number(value: Any) -> int | float | None:
    """Return an answer's number, which Twilio writes as text; a whole one without a point is an int.

    An empty text is none.
    """
    if value == "":
        return None
    if isinstance(value, str):
        try:
            return int(value) if re.fullmatch("-?[0-9]+", value) else _finite(float(Decimal(value)))
        except (ArithmeticError, ValueError):
            raise invalid("expected a number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid("expected a number")
    return _finite(value)


def _finite(value: int | float) -> int | float:
    # JSON as Python reads it may hold NaN and Infinity, and so may the text of a number.
    if not abs(value) < float("inf"):
        raise invalid("expected a finite number")
    return value


def list_of(check: Check) -> Check:
    """Return a check for a list whose items each pass the check."""

    def check_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise invalid("expected a list")
        items = []
        for position, item in enumerate(value):
            try:
                items.append(check(item))
            except _libs.voluptuous.Invalid as error:
                error.prepend([position])
                raise
        return items

    return check_list


class Page(NamedTuple):
    """A page of a list.

    :param items: its items.
    :param next: the next page's path, with its query; None on the last page.
    """

    items: list[Any]
    next: str | None


def _path(value: Any) -> str:
    """Return the path, with its query, of a next page's address.

    The host that the address names is left out: an answer never decides where a request goes.
    """
    try:
        parts = urlsplit(text(value))
    except ValueError:
        raise invalid("expected an address") from None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not re.fullmatch("/[!-~]*", path):
        raise invalid("expected an address whose path begins with a slash")
    return path


def page_of(key: str, item: Check) -> Check:
    """Return a check for a page of a v2010 list, which makes it a :class:`Page`.

    :param key: the key that holds the items.
    :param item: the check of an item.
    """
    envelope = answer(**{key: list_of(item), "next_page_uri": nullable(_path)})

    def check(value: Any) -> Page:
        page = envelope(value)
        return Page(page[key], page["next_page_uri"])

    return check


def page(item: Check) -> Check:
    """Return a check for a page of a v1 list, which makes it a :class:`Page`.

    :param item: the check of an item.
    """
    envelope = answer(meta=answer(key=text, next_page_url=nullable(_path)))
    items = list_of(item)

    def check(value: Any) -> Page:
        meta = envelope(value)["meta"]
        key = meta["key"]
        try:
            return Page(items(value.get(key)), meta["next_page_url"])
        except _libs.voluptuous.Invalid as error:
            error.prepend([key])
            raise

    return check
