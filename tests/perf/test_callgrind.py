from __future__ import annotations

import pytest
from callgrind import Count, growth, parse, words

ANNOTATED = """\
--------------------------------------------------------------------------------
Profile data file '/tmp/x/count' (creator: callgrind-3.19.0)
--------------------------------------------------------------------------------
Thresholds:       100

--------------------------------------------------------------------------------
Ir
--------------------------------------------------------------------------------
10,775 (100.0%)  PROGRAM TOTALS

--------------------------------------------------------------------------------
Ir              file:function
--------------------------------------------------------------------------------
6,300 (58.47%)  /tmp/x/tree/shims/request.c:measure [/tmp/x/home/shims/true]
3,900 (36.19%)  /usr/src/python/ceval.c:_PyEval_EvalFrameDefault'2 [/usr/bin/python]
  100 ( 0.93%)  /usr/src/python/ceval.c:_PyEval_EvalFrameDefault [/usr/bin/python]
  475 ( 4.41%)  ???:re2::RE2::Set::Match(std::string const&) [/lib/re2.so]
"""


def test_the_table_is_read() -> None:
    found = parse(ANNOTATED, "/tmp/x/tree")
    assert found.total == 10775
    assert found.functions == {
        "shims/request.c:measure": 6300,
        "ceval.c:_PyEval_EvalFrameDefault": 4000,
        "???:re2::RE2::Set::Match(std::string const&)": 475,
    }


def test_a_table_without_a_total_is_refused() -> None:
    with pytest.raises(SystemExit):
        parse("nothing")


def test_each_time_has_its_share() -> None:
    assert Count(1000, {"a": 500, "b": 7}).each(10) == Count(100, {"a": 50, "b": 0})


def test_growth_names_the_biggest_first_and_new_ones_too() -> None:
    grown = growth({"a": 10, "b": 10, "c": 10}, {"a": 12, "b": 5, "c": 10, "d": 30})
    assert grown == [("d", 30), ("a", 2)]
    assert words(grown) == "d +30, a +2"
