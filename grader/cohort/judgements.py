"""What people have said about the findings of a cohort, by submission: kept in its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.cohort.index import Entry
from grader.judgement import States, in_words, unknown
from grader.report import Finding, State


@dataclass
class Judgements:
    """What was said before, and what is said now.

    kept: by the digest of the submission, then by the id of the finding. said: by id alone, until
    the submission turns up that has the finding.
    """

    kept: dict[str, dict[str, State]] = field(default_factory=dict)
    said: States = field(default_factory=dict)
    _found: dict[str, str] = field(default_factory=dict)

    def of(self, digest: str, findings: Sequence[Finding]) -> dict[str, State]:
        """Return what there is to say about the findings of a submission, and keep it."""
        self._found |= {one.id: in_words(one) for one in findings}
        ids = {one.id for one in findings}
        own = {one: state for one, state in self.said.items() if one in ids}
        if own:
            self.kept[digest] = self.kept.get(digest, {}) | own
        kept = self.kept.get(digest, {})
        return {one: kept[one] for one in sorted(ids & kept.keys())}

    def unknown(self) -> str:
        """Return which ids are those of no finding, in words; empty if all are known."""
        kept = [one for said in self.kept.values() for one in said]
        return unknown(self.said, self._found, kept)

    def ids(self, entries: Sequence[Entry], state: State) -> list[str]:
        """Return the findings of a cohort that are in a state which somebody gave them."""
        digests = {entry.digest for entry in entries}
        said = (said for digest, said in self.kept.items() if digest in digests)
        return sorted({one for found in said for one, given in found.items() if given == state})
