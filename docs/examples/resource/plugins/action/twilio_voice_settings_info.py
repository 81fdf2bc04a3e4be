# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.twilio.plugins.modules.twilio_voice_settings_info import DEFINITION
from ansible_collections.community.twilio.plugins.plugin_utils._action import in_process

ActionModule = in_process(DEFINITION)
