from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.community.twilio.plugins.plugin_utils._arguments import plain
from ansible_collections.community.twilio.plugins.plugin_utils._record_file import RecordError, RecordFile


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        found = []
        for term in terms:
            try:
                record = (
                    RecordFile(
                        str(Path(plain(kwargs["store_path"]), f"{plain(term)}.yml")), plain(kwargs["store_password"])
                    )
                    .load()
                    .record
                )
            except RecordError as error:
                raise AnsibleLookupError(str(error)) from None
            if not record:
                raise AnsibleLookupError("no record")
            found.append(record)
        return found
