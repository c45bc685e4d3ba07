"""Under which conditions a cohort is graded: whatever a score depends on beside the submission."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import grader
from grader import corpus
from grader.cohort.index import Model
from grader.judgement import States
from grader.options import Options

_NO_SCORE_DEPENDS_ON = ("commands", "render")


class Machine(Model):
    """What a grading process runs: the same in all processes of one cohort."""

    course: str
    grader: str
    sources: str
    environment: dict[str, str]


class Conditions(Model):
    """What was asked for, and what it is graded with."""

    seed: str
    corpus: str
    corpus_sha256: str
    public_only: bool
    tasks: list[str]
    isolation: str
    machine: Machine

    @classmethod
    def of(cls, options: Options, machine: Machine) -> Conditions:
        """Return the conditions that options and machines make. Raises CorpusError if the corpus
        cannot be used.
        """
        return cls(
            seed=str(options.seed),
            corpus=options.corpus,
            corpus_sha256=corpus.load(options.corpus).sha256,
            public_only=options.public_only,
            tasks=list(options.tasks),
            isolation=options.isolation,
            machine=machine,
        )

    def options(self) -> Options:
        """Return the options that every submission is graded with."""
        tasks = tuple(self.tasks)
        return Options(self.seed, self.corpus, self.public_only, tasks, self.isolation)

    def key(self, submission: str, said: States | None = None) -> str:
        """Return the ledger's key of a submission, given by its digest, and of what was said about
        its findings.
        """
        told = {"submission": submission, "said": dict(said or {}), **self.model_dump()}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def changed(self, other: Conditions) -> list[str]:
        """Return what differs from other conditions, in words."""
        named = {
            "seed": self.seed != other.seed,
            "corpus": (self.corpus, self.corpus_sha256) != (other.corpus, other.corpus_sha256),
            "tasks": (self.tasks, self.public_only) != (other.tasks, other.public_only),
            "isolation": self.isolation != other.isolation,
            "course": self.machine.course != other.machine.course,
            "grader": (self.machine.grader, self.machine.sources)
            != (other.machine.grader, other.machine.sources),
            "environment": self.machine.environment != other.machine.environment,
        }
        return [name for name, differs in named.items() if differs]


@functools.cache
def sources_digest() -> str:
    """Return a digest of the grader's own sources, but for renderings and the command line."""
    digest = hashlib.sha256()
    root = Path(grader.__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if name.parts[0] not in _NO_SCORE_DEPENDS_ON:
            digest.update(f"{name.as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def machine() -> Machine:
    """Return what this process grades with. Imports torch."""
    from grader.assembly import environment

    found = environment().model_dump()
    return Machine(
        course=found.pop("course"),
        grader=found.pop("grader"),
        sources=sources_digest(),
        environment=found,
    )
