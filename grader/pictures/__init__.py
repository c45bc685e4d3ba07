"""Pictures: gradients, activations and loss curves, as PNG files and in the characters of a
terminal.

`subject.py` decides what is to be seen; `png.py` and `characters.py` only draw it. The cases are
public ones: a picture shows every number of a tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group

    from grader.course.catalogue import Task
    from grader.sandbox.host.zygote import Zygote
    from grader.submission import Submission


def draw_terminal(task: Task, submission: Submission, zygote: Zygote) -> Group:
    """Return the heat maps of a task on the lecture's case, for a terminal.

    Raises ValueError, with a sentence, for a task that is not a gradient, and UnreadableSubmission.
    """
    from rich.console import Group

    from grader import cases, examination
    from grader.course import catalogue, forward
    from grader.errors import UnreadableSubmission
    from grader.pictures import characters, subject

    if forward.tensor_of(task) is None:
        raise ValueError(f"{task.full_name} is not one gradient; there is nothing to draw")
    course = catalogue.course()
    inspection, told = examination.inspect(zygote, submission)
    if inspection is None:
        raise UnreadableSubmission(told)
    case = cases.lecture(task.exercise.key, cases.splits_of("names").train)
    exam = examination.Examination(zygote, submission, course, inspection)
    try:
        answer = exam.ask(task, dict(case.inputs(task)))
    finally:
        exam.end()
    shown = task.full_name == "ex2.dlogits"
    picture = subject.gradient(task, case, answer, course.bound, forces=shown)
    return Group(*characters.of_gradient(picture))
