"""Which commands there are, what each is for, and for whom. Light to import on purpose."""

from __future__ import annotations

STUDENT = {
    "lookup": {
        "hint": "Show the hints for TASK, one at a time.",
        "list_": "List all tasks: full name, points, exercise.",
    },
    "student": {
        "check": "Run the public checks on your exercises: all of them, some TASKS, or whole "
        "exercises.",
    },
    "watching": {"watch": "Check your exercises whenever you save one, and show where to go on."},
    "seeing": {
        "draw": "Draw TASK as heat maps: your gradient, autograd's and the difference, the worst "
        "entries marked.",
        "train": "Train the whole network with the `train` of SUBMISSION (default: exercises), as "
        "long as the lecture does, and show what it has learnt: losses, names, the curve.",
    },
    "corpora": {"data": "Bring the lecture's own corpus."},
    "notebook": {
        "convert": "Convert a notebook to a .py file or to a folder of exercises, or either to a "
        "notebook.",
    },
}
"""Commands that students have too, by the module of `grader.commands` that they are in. An
underscore at the end of a name is no part of the command's. What a command is for is the first
sentence of its help, here as well so that a list of all commands need not import any."""

STAFF = {
    "staff": {
        "grade": "Grade SUBMISSION: a folder, a .py file, a .zip or a .tar.gz.",
        "compare": "Grade SUBMISSION beside the reference solutions: error, time and points of "
        "each task.",
        "doctor": "Show what isolation this machine gives, and what became of attempts to break "
        "out.",
    },
    "cohort": {
        "cohort": "Grade SUBMISSIONS: a folder with a subfolder, file or archive for each student, "
        "what Canvas, Moodle or Gradescope exported, or a roster (.csv with id, name, path).",
    },
    "export": {"export": "Write score reports in the formats of other tools."},
    "upkeep": {
        "calibrate": "Measure the loss that the reference solution reaches and set the threshold "
        "from it.",
        "sync": "Generate the exercises and the schema from solutions and course.",
        "dev": "For those who work on the course itself.",
    },
    "release": {
        "release": "Write the student's distribution: exercises, public checks, data, the grader.",
    },
    "audit": {
        "audit": "Show what is alike and what is unusual in DIR, the output of `grader cohort`.",
    },
}
"""Commands that need solutions, hidden checks or a whole cohort. A release is without them."""
