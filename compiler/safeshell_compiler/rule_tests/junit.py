"""Rule tests as JUnit XML: a suite a rules file, a case a test, an error for what does not compile."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from safeshell.text import printable
from safeshell_compiler.findings.report import Finding
from safeshell_compiler.rule_tests.failures import describe, shown
from safeshell_compiler.rule_tests.run import Outcome


def junit(outcomes: Sequence[Outcome], findings: Iterable[Finding]) -> str:
    """The report.

    Args:
        outcomes: of all tests that ran.
        findings: of the compilation; errors become erroneous cases, warnings are left to the compiler.
    """
    suites: dict[str, ET.Element] = {}
    root = ET.Element("testsuites", name="safeshell")
    for finding in findings:
        if finding.severity == "error":
            _suite(root, suites, finding.file).append(_error(finding))
    for outcome in outcomes:
        _suite(root, suites, outcome.test.place.file).append(_case(outcome))
    for element in (root, *suites.values()):
        _count(element)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(root: ET.Element, suites: dict[str, ET.Element], file: str) -> ET.Element:
    if file not in suites:
        suites[file] = ET.SubElement(root, "testsuite", name=shown(file))
    return suites[file]


def _case(outcome: Outcome) -> ET.Element:
    test = outcome.test
    case = ET.Element(
        "testcase",
        classname=test.rule,
        name=f"{test.name} {printable(test.case.shown)}",
        file=shown(test.place.file),
        line=str(test.place.line),
        time=f"{outcome.seconds:.6f}",
    )
    if outcome.failure is not None:
        failure = ET.SubElement(case, "failure", type=test.expects, message=printable(outcome.failure.reason))
        failure.text = describe(outcome)
    return case


def _error(finding: Finding) -> ET.Element:
    place = f"{shown(finding.file)}:{finding.line}:{finding.column}"
    case = ET.Element(
        "testcase",
        classname=finding.rule or "compile",
        name=f"{finding.code} {place}",
        file=shown(finding.file),
        line=str(finding.line),
        time="0",
    )
    message = printable(finding.message)
    error = ET.SubElement(case, "error", type=finding.code, message=message)
    error.text = f"{place}: {message}\n{printable(finding.hint)}"
    return case


def _count(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", str(sum(case.find("error") is not None for case in cases)))
    element.set("skipped", "0")
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.6f}")
