# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private folder of a job of ansible-runner, such as an automation controller's, which is deleted after the job."""

from __future__ import annotations

import os
from pathlib import Path

#: Where a job's artifacts are; ansible-runner sets it.
_ARTIFACTS = "AWX_ISOLATED_DATA_DIR"


def refusal_in_job_folder(path: Path) -> str | None:
    """Return a sentence that refuses a file in the job's private folder, None where the file outlives the job.

    :param path: the file's.
    """
    named = os.environ.get(_ARTIFACTS)
    if not named:
        return None
    artifacts = Path(named).resolve()
    # The job's subfolder of "artifacts" in its private folder, unless another one was configured.
    private = artifacts.parent.parent if artifacts.parent.name == "artifacts" else artifacts
    if private not in path.resolve().parents:
        return None
    return (
        f"{path} is in the private folder of this job, which is deleted after the job. Name a folder that is mounted"
        " from outside."
    )
