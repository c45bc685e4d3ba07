"""How learning platforms name what they export: Canvas, Moodle, Gradescope.

Canvas      `lovelaceada_LATE_4711_90210_ex1_backward.py`: student, lateness, the student's id, the
            upload's id, the file. A file handed in again is called `ex1_backward-1.py`.
Moodle      `Ada Lovelace_4711_assignsubmission_file_`: a folder, or a prefix of files; the number
            is the participant's, as in the grading worksheet.
Gradescope  `submission_4711`: folders, described in `submission_metadata.yml` beside them.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.errors import UnreadableSubmission

METADATA = "submission_metadata.yml"
NOT_SUBMISSIONS = frozenset({METADATA, "__MACOSX", "__pycache__"})
MAX_METADATA = 256 << 20

_CANVAS = re.compile(r"(?P<student>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)")
_CANVAS_AGAIN = re.compile(r"(?P<stem>.+)-(?P<attempt>\d{1,3})(?P<suffix>\.[A-Za-z.]+)")
_MOODLE = re.compile(
    r"(?P<student>.+)_(?P<id>\d+)_(?:assignsubmission_)?(?P<kind>file|onlinetext)(?:_(?P<file>.*))?"
)


@dataclass(frozen=True)
class Found:
    """One file or folder of a student. `file` is the name it had when it was handed in; `ignored`
    says why it does not count.
    """

    platform: str
    id: str
    name: str
    path: Path
    file: str
    attempt: int = 0
    submitted_at: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    ignored: str = ""


def of_name(path: Path) -> Found | None:
    """Return what a name says that Canvas or Moodle made; None for any other name."""
    if moodle := _MOODLE.fullmatch(path.name):
        file = moodle["file"] or path.name
        ignored = "text typed into Moodle is not read" if moodle["kind"] == "onlinetext" else ""
        return Found("Moodle", moodle["id"], moodle["student"], path, file, ignored=ignored)
    canvas = _CANVAS.fullmatch(path.name)
    if canvas is None or path.is_dir():
        return None
    facts = {"late": "LATE"} if canvas["late"] else {}
    file, attempt = canvas["file"], 0
    if again := _CANVAS_AGAIN.fullmatch(file):
        file, attempt = again["stem"] + again["suffix"], int(again["attempt"])
        facts["resubmission"] = again["attempt"]
    return Found(
        "Canvas", canvas["id"], canvas["student"], path, file, attempt=attempt, facts=facts
    )


def plain(path: Path, suffixes: Sequence[str]) -> Found:
    """Return a student's folder or file as anyone may name it: the name is the student's."""
    ends = [s for s in suffixes if path.name.lower().endswith(s) and not path.is_dir()]
    name = path.name[: -len(max(ends, key=len))] if ends else path.name
    return Found("", name, name, path, path.name)


def gradescope(folder: Path) -> dict[str, list[Found]]:
    """Return what Gradescope's metadata say, by folder: one for each of its submitters.

    Raises UnreadableSubmission if there are metadata that cannot be understood.
    """
    path = folder / METADATA
    if not path.is_file():
        return {}
    metadata = _yaml(path)
    found = {}
    for name, about in metadata.items():
        if not isinstance(about, dict) or Path(str(name)).name != str(name):
            raise UnreadableSubmission(f"{path}: '{name}' is not a submission; export it again")
        people = [one for one in about.get(":submitters") or [{}] if isinstance(one, dict)]
        found[str(name)] = [_submitter(folder, str(name), about, person) for person in people]
    return found


def _submitter(
    folder: Path, name: str, about: Mapping[str, Any], person: Mapping[str, Any]
) -> Found:
    sid, email = (str(person.get(key) or "").strip() for key in (":sid", ":email"))
    facts = {"submission": name, "email": email, "earlier": str(len(about.get(":history") or ()))}
    time = about.get(":created_at")
    return Found(
        platform="Gradescope",
        id=sid or email or name,
        name=str(person.get(":name") or name),
        path=folder / name,
        file=name,
        submitted_at=_time(time) if time else None,
        facts={key: value for key, value in facts.items() if value not in ("", "0")},
    )


def _time(time: object) -> str:
    # A time of day without a zone is UTC there, and so is what YAML makes of one.
    return time.isoformat() if isinstance(time, datetime.datetime) else str(time)


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if path.stat().st_size > MAX_METADATA:
            raise UnreadableSubmission(f"{path}: is larger than {MAX_METADATA >> 20} MiB")
        with path.open("rb") as file:
            found = yaml.load(file, loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, UnreadableSubmission):
            raise
        told = str(error).splitlines()[0]
        raise UnreadableSubmission(f"{path}: is not readable as YAML: {told}") from None
    if not isinstance(found, dict):
        raise UnreadableSubmission(f"{path}: names no submissions; export it again")
    return found
