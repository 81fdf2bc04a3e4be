# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes RSA key pairs on the controller; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.community.twilio.plugins.modules.rsa_key_pair import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError
from ansible_collections.community.twilio.plugins.plugin_utils._key_pair import KeyPairError, make, read_public_half


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Return the public half of the key pair, which is made where there is none.

        :param options: ``path``.
        :param check_mode: whether nothing may be written.
        :raises ControllerError: where the path is no absolute one, can't be read or written, or holds something else.
        """
        path = Path(options["path"])
        try:
            half = read_public_half(path) if check_mode else make(path)
        except KeyPairError as error:
            raise ControllerError(str(error)) from None
        return {
            "changed": half is None or half.is_new,
            "path": str(path),
            "public_key": half and half.pem,
            "fingerprint": half and half.fingerprint,
        }
