# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twilio's errors: one table of codes, the exception that carries one, and the two shapes of an error's body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MORE_INFO = "https://www.twilio.com/docs/errors/"


@dataclass(frozen=True)
class ErrorKind:
    """The status and the message of a code."""

    status: int
    message: str


# The codes that this simulator can return. Statuses of 70101-70106, of 20005, of 70051 and of the account rules are not
# established officially; those of 20005 and 70051 are settings.
ERRORS: dict[int, ErrorKind] = {
    20001: ErrorKind(400, "Bad request"),
    20003: ErrorKind(401, "Authenticate"),
    20004: ErrorKind(405, "Method not allowed"),
    20005: ErrorKind(403, "Account not active"),
    20404: ErrorKind(404, "The requested resource was not found"),
    20429: ErrorKind(429, "Too Many Requests"),
    20500: ErrorKind(500, "Internal Server Error"),
    20503: ErrorKind(503, "Service Unavailable"),
    21101: ErrorKind(400, "A subaccount can not have subaccounts"),
    21477: ErrorKind(400, "The status of this account can not be changed with these credentials"),
    21479: ErrorKind(400, "A closed account can not be reopened"),
    21480: ErrorKind(400, "Maximum number of subaccounts reached"),
    60411: ErrorKind(400, "Phone number already exists in SafeList"),
    70001: ErrorKind(400, "Validation failed"),
    70002: ErrorKind(400, "Request is invalid"),
    70051: ErrorKind(403, "The API key lacks the permission that this request needs"),
    70101: ErrorKind(400, "Public key is not an RSA key"),
    70102: ErrorKind(400, "Public key is not 2048 bits long"),
    70103: ErrorKind(400, "Public key exponent is not 65537"),
    70104: ErrorKind(400, "Public key is not an X.509 PEM public key"),
    70106: ErrorKind(400, "AWS credentials are invalid"),
}


class ApiError(Exception):
    """Ends a request with one of Twilio's errors.

    `code` is Twilio's code, None for an answer without one; status and message default to those of the table.
    """

    def __init__(self, code: int | None, message: str | None = None, status: int | None = None) -> None:
        kind = ERRORS.get(code) if code is not None else None
        self.code = code
        self.status = status or (kind.status if kind else 400)
        self.message = message or (kind.message if kind else "Error")
        super().__init__(self.message)


def not_found(resource: str, code: int | None = 20404) -> ApiError:
    """Return a 404 with Twilio's message; `resource` is the path below the version."""
    return ApiError(code, f"The requested resource {resource} was not found", 404)


def error_body(error: ApiError, error_format: str, is_2010: bool) -> tuple[dict[str, Any], str]:
    """The body of an error and its content type.

    The 2010-04-01 API knows the classic shape only, with a `detail` beside a failed authentication. Newer APIs may
    answer with RFC 9457 problem details instead.
    """
    if error_format == "rfc9457" and not is_2010:
        problem: dict[str, Any] = {
            "type": f"{MORE_INFO}{error.code}" if error.code else "about:blank",
            "title": error.message,
            "status": error.status,
            "detail": error.message,
        }
        if error.code:
            problem["code"] = error.code
        return problem, "application/problem+json"
    body: dict[str, Any] = {"message": error.message, "status": error.status}
    if error.code:
        body["code"] = error.code
        body["more_info"] = f"{MORE_INFO}{error.code}"
    else:
        body["more_info"] = f"https://www.twilio.com/docs/errors/{error.status}"
    if is_2010 and error.code == 20003:
        body["detail"] = "Your AccountSid or AuthToken was incorrect."
    return body, "application/json"
