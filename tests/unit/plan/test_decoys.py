"""Series beside those of owners' tests: which they are, and that no expression reads one."""

from __future__ import annotations

from slogen.plan.scenarios.decoys import Decoys

FIRES = (('lag{job="kafka",group="a"}', "900x30"), ('rate{job="kafka",group="a"}', "1x30"))
QUIET = (('lag{job="kafka",group="a"}', "5x30"), ('rate{job="kafka",group="a"}', "1x30"))


def test_what_all_selectors_ask_for_is_tried_on_its_own() -> None:
    """The series that fire the alert, as another job would have them."""
    decoys = Decoys.of('lag{job="kafka"} / rate{job="kafka"} > 60')
    assert decoys.of_others([FIRES]) == [
        ('lag{job="another",group="a"}', "900x30"),
        ('rate{job="another",group="a"}', "1x30"),
    ]
    assert decoys.near(QUIET, [FIRES]) == []


def test_what_only_some_ask_for_stands_beside_the_series_of_a_test() -> None:
    """With the values of the test that expects the opposite."""
    decoys = Decoys.of('lag{job="kafka",group=~"a|b"} / rate{job="kafka"} > 60')
    assert decoys.near(QUIET, [FIRES]) == [('lag{job="kafka",group="another"}', "900x30")]
    assert decoys.near(FIRES, [QUIET]) == [('lag{job="kafka",group="another"}', "5x30")]


def test_an_expression_that_fires_on_nothing_is_not_tried_on_its_own() -> None:
    """It would fire there as well: the decoys stand beside."""
    up, down = (('up{job="api",instance="a"}', "1x30"),), (('up{job="api",instance="a"}', "0x30"),)
    decoys = Decoys.of('(count(up{job="api"} == 1) or vector(0)) < 1')
    assert decoys.of_others([down]) == []
    assert decoys.near(down, [up]) == [('up{job="another",instance="a"}', "1x30")]


def test_without_a_test_that_expects_something_else_its_own_values_are_taken() -> None:
    """Twice as much is something else, for a sum."""
    decoys = Decoys.of('sum(x{job="api"})', "vector(1)")
    own = (('x{job="api"}', "1x30"),)
    assert decoys.near(own, []) == [('x{job="another"}', "1x30")]


def test_a_series_that_the_owner_feeds_already_is_not_fed_twice() -> None:
    """promtool would refuse it."""
    own = (('up{job="api"}', "1x30"), ('up{job="another"}', "0x30"))
    assert Decoys.of('absent(up{job="api"})').near(own, []) == []


def test_there_are_none_where_recorded_series_are_read() -> None:
    """Another rule may read the decoys, and so they could change the outcome."""
    for text in ('slo:sli_total:rate5m{slo="up"} > x{job="api"}', '{__name__=~"x.*",job="api"} > 1'):
        assert Decoys.of(text).of_others([(('x{job="api"}', "1x30"),)]) == []


def test_a_label_that_must_not_be_empty_is_left_out_of_its_decoy() -> None:
    """Empty it would be the same series as one of the test that has no such label, and be fed twice."""
    decoys = Decoys.of('max(x{mode!=""}) or max(y)')
    fires, quiet = (('x{mode="a"}', "1x30"), ("x", "5x30")), (('x{mode="a"}', "0x30"),)
    assert decoys.near(quiet, [fires]) == [("x", "1x30")]
    assert decoys.near(fires, [quiet]) == []
    assert decoys.near((('x{mode="a"}', "1x30"), ('x{mode=""}', "5x30")), [quiet]) == []
