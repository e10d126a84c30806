"""The report of a check as text, JSON, JUnit XML and GitHub annotations. Pure: a report in, words out."""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sync.errors import Mistake
from sync.workspace.check import Report
from sync.workspace.samples import SampleResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(report: Report) -> dict[str, Any]:
    """For programs."""
    return {
        "ok": report.ok,
        "mistakes": [dataclasses.asdict(mistake) for mistake in report.mistakes],
        "samples": [
            {
                "file": one.file,
                "line": one.line,
                "sample": one.title,
                "flow": one.flow,
                "ok": one.ok,
                "problems": list(one.problems),
            }
            for one in report.samples
        ],
    }


def text(report: Report) -> str:
    """For people: every mistake with file, line and what would be right."""
    lines = [str(mistake) for mistake in report.mistakes]
    lines += [f"{one.file}:{one.line}: {problem}" for one in report.samples for problem in one.problems]
    return "\n".join([*lines, _summary(report)])


def _summary(report: Report) -> str:
    good = sum(one.ok for one in report.samples)
    return f"{len(report.mistakes)} mistakes; {good} of {len(report.samples)} samples come out as they say"


def junit(report: Report) -> str:
    """For CI servers: a test case for each sample and flow, and a failed one for each mistake."""
    failed = len(report.mistakes) + sum(not one.ok for one in report.samples)
    count = f'tests="{len(report.mistakes) + len(report.samples)}" failures="{failed}" errors="0"'
    cases = [*map(_of_mistake, report.mistakes), *map(_of_sample, report.samples)]
    return "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="meshline check" {count}>',
        f'<testsuite name="meshline check" {count} skipped="0">',
        *cases,
        "</testsuite>",
        "</testsuites>",
    ])  # fmt: skip


def _of_mistake(one: Mistake) -> str:
    return _case(one.file, one.line, f"line {one.line}: {one.what}", [str(one)])


def _of_sample(one: SampleResult) -> str:
    return _case(one.file, one.line, f"{one.title} ({one.flow})", list(one.problems))


def _case(file: str, line: int, name: str, problems: list[str]) -> str:
    about = f'classname={_attribute(file)} name={_attribute(name)} file={_attribute(file)} line="{line}"'
    if not problems:
        return f"<testcase {about}/>"
    words = escape(_legal("\n".join(problems)))
    return f"<testcase {about}><failure message={_attribute(problems[0])}>{words}</failure></testcase>"


def _attribute(words: str) -> str:
    return quoteattr(_legal(words))


def _legal(words: str) -> str:
    """Without what no XML document may hold."""
    return _NOT_XML.sub("", words)


def github(report: Report, prefix: str = "") -> str:
    """For GitHub: a workflow command for each mistake and problem, and a last line for the log. `prefix` leads from the root
    of the repository to the workspace."""
    lines = [
        annotation(f"{prefix}{one.file}", one.line, "Mistake", f"{one.what} ({one.right})") for one in report.mistakes
    ]
    lines += [
        annotation(f"{prefix}{one.file}", one.line, f"Sample: {one.title}", problem)
        for one in report.samples
        for problem in one.problems
    ]
    return "\n".join([*lines, _summary(report)])


def annotation(file: str, line: int, title: str, words: str, level: str = "error") -> str:
    """One workflow command of GitHub, whatever the texts hold; `level` is error, warning or notice."""
    return f"::{level} file={_property(file)},line={line},title={_property(title)}::{_data(words)}"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
