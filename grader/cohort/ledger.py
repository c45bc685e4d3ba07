"""The ledger: what has been graded, each report whole on disk before it counts.

DIR/conditions.json     what everything is graded with; the seed is drawn once
DIR/reports/KEY.json    one report without times for all equal submissions
DIR/refusals/KEY.json   why a submission cannot be graded, once its syntax trees were looked at
DIR/judgements.json     what was said about findings, by submission
DIR/sources/DIGEST.json the sources that were graded
DIR/times.jsonl         seconds by key
DIR/summary.json        the index, at the end of a run
DIR/lock                held while a run lasts

A file is written beside its place, synced, renamed, and the folder is synced: killed at any moment,
a ledger has whole files only. `docs/adr/0009-the-ledger.md` says why it is not a database.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from grader.cohort.conditions import Conditions
from grader.cohort.index import REPORTS, SOURCES, SUMMARY, TIMES, Index, timings
from grader.report import Report, State

CONDITIONS, REFUSALS, LOCK = "conditions.json", "refusals", "lock"
JUDGEMENTS = "judgements.json"
_JUDGEMENTS = TypeAdapter(dict[str, dict[str, State]])


class LedgerError(Exception):
    """A ledger that cannot be used or written: says which file, and what to do."""


class LedgerBusy(LedgerError):
    """A ledger that another run is writing to."""


class Ledger:
    """A folder with what has been graded. Get one from `opened`, which keeps others out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def conditions(self) -> Conditions | None:
        """Return what the ledger was last graded with; None for a new one.

        Raises LedgerError if that is there and cannot be read.
        """
        path = self.folder / CONDITIONS
        try:
            return Conditions.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise LedgerError(f"{path}: cannot be read: {error}; choose another --out") from None

    def record_conditions(self, conditions: Conditions) -> None:
        """Keep what everything is graded with from now on."""
        self.write(CONDITIONS, conditions.model_dump_json(indent=2) + "\n")

    def report(self, key: str) -> Report | None:
        """Return a report; None if there is none yet, or none that can be used."""
        try:
            return Report.model_validate_json((self.folder / REPORTS / f"{key}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def refusal(self, key: str) -> str | None:
        """Return why a submission cannot be graded; None if that is not known."""
        try:
            text = (self.folder / REFUSALS / f"{key}.json").read_bytes()
            return str(json.loads(text)["unreadable"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_report(self, key: str, text: str, times: Mapping[str, Any]) -> None:
        """Keep a report, as JSON, and its times."""
        self._note_times(key, times)
        self.write(f"{REPORTS}/{key}.json", text)

    def keep_judged(self, key: str, report: Report, graded: str) -> None:
        """Keep a report about which something was said, with the times of the one it is made of,
        whose key is `graded`.
        """
        if self.report(key) is None:
            self.keep_report(key, report.as_json(), timings(self.folder).get(graded, {}))

    def judgements(self) -> dict[str, dict[str, State]]:
        """Return what was said about findings, by the digest of the submission, then by id.

        Raises LedgerError if that is there and cannot be read.
        """
        path = self.folder / JUDGEMENTS
        try:
            return _JUDGEMENTS.validate_json(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            raise LedgerError(f"{path}: cannot be read: {error}") from None

    def keep_judgements(self, said: Mapping[str, Mapping[str, State]]) -> None:
        """Keep what was said about findings."""
        self.write(JUDGEMENTS, json.dumps(said, indent=2, sort_keys=True) + "\n")

    def keep_refusal(self, key: str, message: str, times: Mapping[str, Any]) -> None:
        """Keep why a submission cannot be graded."""
        self._note_times(key, times)
        self.write(f"{REFUSALS}/{key}.json", json.dumps({"unreadable": message}) + "\n")

    def keep_sources(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Keep the sources of a submission, which are UTF-8."""
        name = f"{SOURCES}/{digest}.json"
        if not (self.folder / name).exists():
            texts = {file: text.decode() for file, text in files.items()}
            self.write(name, json.dumps(texts, indent=2) + "\n")

    def keep_index(self, index: Index) -> None:
        """Keep the index of everybody."""
        self.write(SUMMARY, index.as_json())

    def write(self, name: str, text: str, *, durable: bool = True) -> None:
        """Write a file of the ledger whole or not at all. `durable`: a crash does not undo it.

        Raises LedgerError if that is not possible, say because the disk is full.
        """
        target = self.folder / name
        temporary = target.with_name(f".{target.name}.new")
        try:
            target.parent.mkdir(exist_ok=True)
            with temporary.open("wb") as file:
                file.write(text.encode())
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, target)
            if durable:
                _sync_folder(target.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise _unwritable(target, error) from None

    def remove(self, name: str) -> None:
        """Remove a page of the ledger. Raises LedgerError if that is not possible."""
        target = self.folder / name
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(target, error) from None

    def _note_times(self, key: str, times: Mapping[str, Any]) -> None:
        """Append times. A line that a killed run left half written is ended first."""
        path = self.folder / TIMES
        line = json.dumps({**times, "key": key}, sort_keys=True) + "\n"
        try:
            with path.open("a+b") as file:
                size = file.seek(0, os.SEEK_END)
                torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
                file.write(b"\n" * torn + line.encode())
        except OSError as error:
            raise _unwritable(path, error) from None


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open a ledger, or begin one, for one run alone.

    Raises LedgerBusy if another run has it, LedgerError if the folder holds something else or
    cannot be written.
    """
    try:
        fresh = not folder.exists() or not any(folder.iterdir())
        if not fresh and not (folder / LOCK).exists():
            raise LedgerError(f"{folder}: holds other files; name a new folder for --out")
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        _lock(folder, descriptor)
        yield Ledger(folder)
    finally:
        os.close(descriptor)


def _lock(folder: Path, descriptor: int) -> None:
    """Take the lock and write into it whose it is. The kernel lets go of it when we end."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        told = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise LedgerBusy(
            f"{folder}: process {told or '?'} is grading into it; wait for it, or name another "
            "folder for --out"
        ) from None
    except OSError as error:
        raise _unwritable(folder / LOCK, error) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> LedgerError:
    return LedgerError(
        f"{path}: cannot be written: {error.strerror or error}. What was graded before is safe; "
        "make room and run the same command again"
    )
