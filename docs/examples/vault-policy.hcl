# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The records. Each write is checked and set, so that no run overwrites what another one has saved.
path "secret/data/twilio/*" {
  capabilities = ["create", "read", "update"]
}
