"""One run: read, hand out, take back, keep. Nobody's submission costs anybody else's grade."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from grader.cohort import entries, outcome, reading, worker
from grader.cohort.conditions import Conditions
from grader.cohort.crew import Crew
from grader.cohort.index import Entry, Outcome
from grader.cohort.judgements import Judgements
from grader.cohort.ledger import Ledger
from grader.cohort.roster import Student
from grader.cohort.worker import Job, Result
from grader.errors import UnreadableSubmission
from grader.judgement import judged
from grader.report import Report
from grader.submission import Submission

ATTEMPTS = 3
"""How often a submission is given to a process before a fault of the grader is its outcome."""

DEATHS = 2
"""How many processes may die under a submission that they had to themselves, graded or read."""

AHEAD = 2
"""Submissions that wait in memory for a free process, beside those that are being graded."""

TICK = 0.5


@dataclass
class _Case:
    """One distinct submission under way, and the places of all students who handed it in."""

    job: Job
    places: list[int] = field(default_factory=list)
    attempts: int = 0
    deaths: int = 0
    alone: bool = False


@dataclass
class _Read:
    """A student whose submission is being read, and how many processes have ended under it."""

    place: int
    future: Future[Submission]
    deaths: int = 0


class Run:
    """Grades a roster into a ledger.

    on_settled(entry, fresh) is called for every student, `fresh` if grading took place in this run
    and was for this student first; on_tick() every half second.
    """

    def __init__(
        self,
        students: Sequence[Student],
        ledger: Ledger,
        conditions: Conditions,
        judgements: Judgements,
        crew: Crew,
        on_settled: Callable[[Entry, bool], None] = lambda entry, fresh: None,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._students, self._ledger, self._crew = students, ledger, crew
        self._conditions, self._judgements = conditions, judgements
        self._on_settled, self._on_tick = on_settled, on_tick
        self._cases: dict[str, _Case] = {}
        self._ready: deque[_Case] = deque()
        self._suspects: deque[_Case] = deque()
        self._flying: dict[Future[Result], _Case] = {}
        self._reading: _Read | None = None
        self._read: dict[int, Submission] = {}
        self._entries: dict[int, Entry] = {}

    def grade(self) -> list[Entry]:
        """Grade what is missing and return an entry for every student, in the roster's order.

        Raises LedgerError if the ledger cannot be written, CrewLost if nobody is left to grade.
        """
        unread = iter(enumerate(self._students))
        while self._hand_out(unread):
            under_way: list[Future[Any]] = [*self._flying]
            under_way += [self._reading.future] if self._reading else []
            wait(under_way, timeout=TICK, return_when=FIRST_COMPLETED)
            done = {future for future in self._flying if future.done()}
            if any(self._died(future) for future in done):
                # All that were under way fail with it: any of them may have killed it.
                done, _ = wait(self._flying)
                self._crew.renew()
            for future in done:
                self._take_back(future)
            if self._reading and self._reading.future.done():
                self._take_in(self._reading)
            self._on_tick()
        return [self._entries[place] for place in range(len(self._students))]

    # Handing out

    def _hand_out(self, unread: Iterator[tuple[int, Student]]) -> bool:
        """Keep every process busy; tell whether anything is under way."""
        if self._suspects:
            # Alone, it can harm nobody, and it is certain who was to blame.
            if not self._flying:
                self._send(self._suspects.popleft(), alone=True)
            return True
        room = self._crew.size + AHEAD
        while self._ready and len(self._flying) < room:
            self._send(self._ready.popleft(), alone=False)
        if self._reading is None and len(self._flying) < room:
            for place, student in unread:
                self._reading = _Read(place, self._crew.read(student))
                break
        return bool(self._flying or self._reading)

    def _send(self, case: _Case, *, alone: bool) -> None:
        case.alone = alone
        case.attempts += 1
        self._flying[self._crew.submit(worker.graded, case.job)] = case

    def _take_in(self, read: _Read) -> None:
        """Take note of what reading a submission came to."""
        self._reading = None
        error = read.future.exception()
        if error is None:
            submission = read.future.result()
            self._read[read.place] = replace(submission, files={})
            self._look_up(self._job(submission), [read.place])
        elif isinstance(error, UnreadableSubmission):
            self._settle(read.place, "unreadable", str(error))
        elif not reading.has_ended(error):
            # What no reader foresaw is the grader's fault, and one submission's.
            told = f"its files cannot be read: {type(error).__name__}: {error}"
            self._settle(read.place, "infrastructure", told)
        elif read.deaths + 1 < DEATHS:
            again = self._crew.read(self._students[read.place])
            self._reading = _Read(read.place, again, read.deaths + 1)
        else:
            told = f"{DEATHS} processes that had nothing else to read ended under it"
            self._settle(read.place, "unreadable", told)

    def _job(self, submission: Submission) -> Job:
        key = self._conditions.key(submission.digest)
        return Job(key, submission.digest, submission.files, self._conditions.options())

    def _look_up(self, job: Job, places: list[int]) -> None:
        """Settle students from the ledger, or see to it that their submission is graded."""
        if job.key in self._cases:
            self._cases[job.key].places += places
            return
        refusal = self._ledger.refusal(job.key)
        if refusal is not None:
            self._settle_all(places, "unreadable", refusal)
            return
        report = self._ledger.report(job.key)
        if report is not None:
            self._report(job, places, report, fresh=False)
            return
        self._cases[job.key] = _Case(job, places)
        self._ready.append(self._cases[job.key])

    # Taking back

    def _died(self, future: Future[Result]) -> bool:
        error = future.exception()
        return error is not None and self._crew.has_died(error)

    def _take_back(self, future: Future[Result]) -> None:
        case = self._flying.pop(future)
        error = future.exception()
        if error is None:
            self._keep(case, future.result())
        elif self._crew.has_died(error):
            case.deaths += case.alone
            case.attempts -= 1
            if case.deaths < DEATHS:
                self._suspects.append(case)
            else:
                told = f"{case.deaths} processes that had nothing else to grade ended under it"
                self._give_up(case, told)
        else:
            self._fault(case, worker.fault_of(error))

    def _keep(self, case: _Case, result: Result) -> None:
        fault, report = self._examined(case.job, result)
        if fault:
            self._fault(case, fault)
            return
        job = case.job
        self._ledger.keep_sources(job.digest, job.files)
        del self._cases[job.key]
        if report is None:
            self._ledger.keep_refusal(job.key, result.unreadable, result.times)
            self._settle_all(case.places, "unreadable", result.unreadable, fresh=True)
        else:
            self._ledger.keep_report(job.key, result.report, result.times)
            self._report(job, case.places, report, fresh=True)

    def _examined(self, job: Job, result: Result) -> tuple[str, Report | None]:
        """Return why a result cannot be kept, or else its report, if it has one."""
        if result.fault:
            return result.fault, None
        if result.machine != self._conditions.machine:
            return "its machine has another version of grader, course, Python or torch", None
        if result.unreadable:
            return "", None
        try:
            report = Report.model_validate_json(result.report)
        except ValidationError as error:
            return f"its report is malformed: {error.errors()[0]['msg']}", None
        if report.has_infrastructure_faults():
            return outcome.why(report), None
        same = (report.submission.digest, report.seed) == (job.digest, self._conditions.seed)
        return "" if same else "its report is that of another submission", report

    def _fault(self, case: _Case, message: str) -> None:
        if case.attempts < ATTEMPTS:
            self._ready.append(case)
        else:
            self._give_up(case, f"{message} (tried {case.attempts} times)")

    def _give_up(self, case: _Case, message: str) -> None:
        del self._cases[case.job.key]
        self._settle_all(case.places, "infrastructure", message, fresh=True)

    # Settling

    def _report(self, job: Job, places: list[int], report: Report, *, fresh: bool) -> None:
        key, said = job.key, self._judgements.of(job.digest, report.findings)
        if said:
            key, report = self._conditions.key(job.digest, said), judged(report, said)
            self._ledger.keep_judged(key, report, job.key)
        score = entries.scored(key, report)
        self._settle_all(places, outcome.of_report(report), outcome.why(report), score, fresh=fresh)

    def _settle_all(
        self,
        places: Sequence[int],
        found: Outcome,
        message: str,
        score: Mapping[str, Any] = entries.NO_SCORE,
        *,
        fresh: bool = False,
    ) -> None:
        for number, place in enumerate(places):
            self._settle(place, found, message, score, fresh=fresh and number == 0)

    def _settle(
        self,
        place: int,
        found: Outcome,
        message: str,
        score: Mapping[str, Any] = entries.NO_SCORE,
        *,
        fresh: bool = False,
    ) -> None:
        submission = self._read.pop(place, None)
        entry = entries.made(self._students[place], submission, found, message, score)
        self._entries[place] = entry
        self._on_settled(entry, fresh)
