"""What holds for the checks of every sheet: right answers pass, wrong ones are called by name, a blank is told so.

The answers are in the tables RIGHT, WRONG and BLANK of the tests/test_checks_<sheet>.py, beside the sheet's own tests.
"""

import importlib.util
from pathlib import Path

import pytest

from course_lib.checks import Check


def loaded(path):
    spec = importlib.util.spec_from_file_location(f"answers_of_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHEETS = {path.stem.removeprefix("test_checks_"): loaded(path) for path in Path(__file__).parent.glob("test_checks_*")}
CHECKS = {
    sheet: {name: check for name, check in vars(getattr(answers, sheet)).items() if isinstance(check, Check)}
    for sheet, answers in SHEETS.items()
}


def cases(table):
    """A case for each row of a table of every sheet: (check, *row)."""
    return [
        pytest.param(CHECKS[sheet][name], *(row if isinstance(row, tuple) and table == "WRONG" else (row,)),
                     id=f"{sheet}-{name}-{i}")
        for sheet, answers in SHEETS.items()
        for name, rows in getattr(answers, table).items()
        for i, row in enumerate(rows)
    ]  # fmt: skip


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_check_is_tested(sheet):
    answers = SHEETS[sheet]
    assert set(answers.RIGHT) == set(answers.WRONG) == set(answers.BLANK) == set(CHECKS[sheet])
    for name, wrongs in answers.WRONG.items():
        assert len({message for _, message in wrongs}) >= 3, name


@pytest.mark.parametrize(("check", "answer"), cases("RIGHT"))
def test_right_answer_passes(check, answer):
    passed, text = check.report(answer)
    assert passed, text
    assert text == f"PASSED: {check.name}{check.summary}"


@pytest.mark.parametrize(("check", "answer", "message"), cases("WRONG"))
def test_wrong_answer_is_called_by_its_name(check, answer, message):
    passed, text = check.report(answer)
    assert not passed
    assert message in text, text


@pytest.mark.parametrize(("check", "blank"), cases("BLANK"))
def test_blank_is_told_so(check, blank):
    passed, text = check.report(blank)
    assert not passed
    assert "still blank" in text
