# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a rotation's record in an encrypted file on the controller; the module of the same name documents it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.twilio.plugins.modules.rotation_file import ARGUMENT_SPEC
from ansible_collections.community.twilio.plugins.plugin_utils._controller import ControllerAction, ControllerError
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile


class ActionModule(ControllerAction):
    """The action plugin."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
        """Load the record, or replace it where there is content.

        :param options: ``path``, ``password``, ``content``, ``replaces``.
        :param check_mode: whether nothing may be written.
        :raises ControllerError: where the record can't be read or written, or is not what is to be replaced.
        """
        try:
            file = RecordFile(options["path"], options["password"])
            if options["content"] is None:
                record, version = file.load()
                return {"changed": False, "record": record, "version": version}
            version = options["replaces"] if check_mode else file.save(options["content"], options["replaces"])
        except RecordError as error:
            raise ControllerError(str(error)) from None
        return {"changed": True, "record": None, "version": version}
