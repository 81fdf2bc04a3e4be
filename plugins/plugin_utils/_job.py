# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this is a job of ansible-runner, and so perhaps of an automation controller, and what goes with it."""

from __future__ import annotations

import os
from pathlib import Path

#: Where a job's artifacts are; ansible-runner sets it.
_ARTIFACTS = "AWX_ISOLATED_DATA_DIR"


def goes_with_the_job(path: Path) -> str | None:
    """Return a sentence that refuses a file in the job's private folder, None where the file stays.

    :param path: the file's.
    """
    named = os.environ.get(_ARTIFACTS)
    if not named:
        return None
    artifacts = Path(named).resolve()
    # Named by the job, in the folder "artifacts" of its own, unless another was asked for.
    private = artifacts.parent.parent if artifacts.parent.name == "artifacts" else artifacts
    if private not in path.resolve().parents:
        return None
    return (
        f"{path} is in the private folder of this job, which goes when the job is over. Name a folder that is mounted"
        " from outside."
    )
