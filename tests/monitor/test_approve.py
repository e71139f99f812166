from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from monitor.fake import Desk, asks_pin, at_desk, entry, hello, played
from textual.containers import VerticalScroll

from safeshell.monitor.events import AnswerResult, Hello, Lost, Settled


@asynccontextmanager
async def asked(*, said: Hello | None = None, **more: Any) -> AsyncIterator[Desk]:
    """The dialog, just opened."""
    async with at_desk(said or hello(entry(1, **more), entry(2))) as desk:
        await desk.press("down", "a")
        await desk.sees("Approve 1?", "once", "y Approve")
        yield desk


@played
async def test_once() -> None:
    async with asked(said=hello(entry(1), epoch=5)) as desk:
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"}, epoch=5)
        assert len(desk.app.screen_stack) == 1


@pytest.mark.parametrize(("key", "span"), [("5", "5m"), ("s", "session")])
@played
async def test_for_longer(key: str, span: str) -> None:
    async with asked() as desk:
        await desk.slowly(key)
        await desk.sees("exactly this command")
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": span})


@played
async def test_a_prefix_is_shown_as_the_words_that_it_is_and_never_shorter_than_it_may_be() -> None:
    async with asked(argv=["git", "push", "--force", "my origin"], prefix_min=3) as desk:
        await desk.slowly("5", "left")
        await desk.sees("begins with git push --force 'my origin'")
        await desk.slowly("left", "left", "left")
        await desk.sees("begins with git push --force ")
        assert "'my origin'" not in desk.screen()
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "5m", "prefix": 3})


@played
async def test_a_prefix_grows_back_to_the_very_command() -> None:
    async with asked() as desk:
        await desk.slowly("s", "left", "left", "right", "right")
        await desk.sees("exactly this command")
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "session"})


@played
async def test_once_has_no_prefix() -> None:
    async with asked() as desk:
        await desk.slowly("left")
        await desk.slowly("5", "left", "1")
        await desk.sees("Runs this once")
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"})


@played
async def test_a_command_of_fewer_words_than_a_prefix_takes_has_none() -> None:
    async with asked(argv=["touch"], prefix_min=2) as desk:
        await desk.slowly("5", "left")
        await desk.sees("exactly this command")
        assert "fewer words" not in desk.screen()


@played
async def test_type_ahead_never_approves() -> None:
    async with at_desk(hello(entry(1))) as desk:
        await desk.press("down", "a", "y", "y", "y")
        await desk.sees("Approve 1?", "too fast")
        assert desk.feed.answers == []


@played
async def test_who_types_on_unseeing_never_approves() -> None:
    async with asked() as desk:
        for _ in range(20):
            desk.later(0.15)
            await desk.press("y")
        await desk.pilot.pause()
        assert desk.feed.answers == []
        await desk.slowly("x")
        desk.later(0.15)
        await desk.press("y")
        await desk.pilot.pause()
        assert desk.feed.answers == []


@pytest.mark.parametrize("key", ["enter", "space", "a", "tab", "Y", "q", "p", "f"])
@played
async def test_no_other_key_approves_or_reaches_what_is_below(key: str) -> None:
    async with asked() as desk:
        await desk.slowly(key, "enter", key)
        await desk.sees("Approve 1?")
        assert len(desk.app.screen_stack) == 2
        assert desk.feed.answers == []


@played
async def test_escape_leaves_it_waiting() -> None:
    async with asked() as desk:
        await desk.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "the dialog's end")
        assert desk.feed.answers == []


@played
async def test_a_click_approves_but_not_the_second_of_a_double_one() -> None:
    async with asked() as desk:
        await desk.pilot.click(desk.button("approve"))
        await desk.sees("too fast")
        assert desk.feed.answers == []
        desk.later()
        await desk.until(lambda: not desk.button("approve").has_class("-active"), "Textual's own pause")
        await desk.pilot.click(desk.button("approve"))
        await desk.answers({"do": "approve", "id": 1, "for": "once"})


@played
async def test_what_another_settled_meanwhile_cannot_be_approved_any_more() -> None:
    async with asked() as desk:
        await desk.hear(Settled(1, "denied", "no", 99))
        await desk.sees("denied by process 99: no. Escape closes this.")
        await desk.slowly("y", "y")
        assert desk.feed.answers == []
        assert len(desk.app.screen_stack) == 2, "what is typed on must not go to what is below"


@played
async def test_what_is_settled_elsewhere_leaves_a_dialog_about_another_alone() -> None:
    async with asked() as desk:
        await desk.hear(Settled(2, "denied"))
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"})


@played
async def test_the_next_daemons_request_of_the_same_number_is_another() -> None:
    async with asked() as desk:
        await desk.hear(Lost("gone"), hello(entry(1, since=1_800_000_500.0, command="rm -rf /"), epoch=2))
        await desk.sees("daemon went away")
        await desk.slowly("y")
        assert desk.feed.answers == []


@played
async def test_the_same_request_on_a_new_connection_is_answered_there() -> None:
    async with asked(said=hello(entry(1), epoch=1)) as desk:
        await desk.hear(hello(entry(1), epoch=2))
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"}, epoch=2)


@played
async def test_a_refused_answer_is_said() -> None:
    async with asked() as desk:
        await desk.slowly("y")
        await desk.hear(AnswerResult(1, ok=False, reason="who answers is in the session of who asked [x]"))
        await desk.sees("1 was not answered: who answers is in the session of who asked [x]")


@played
async def test_without_the_pin_an_agents_request_is_not_even_asked_about() -> None:
    async with at_desk(asks_pin(entry(1), entry(2, context="human")), asks=False) as desk:
        await desk.press("down", "a")
        await desk.sees("1 is an agent's: it takes the PIN")
        assert len(desk.app.screen_stack) == 1
        await desk.press("down", "a")
        await desk.sees("Approve 2?")


@played
async def test_a_long_command_can_be_read_to_its_end() -> None:
    command = "touch " + " ".join(f"word{number}" for number in range(400))
    async with asked(command=command) as desk:
        assert "word399" not in desk.screen()
        await desk.press(*["pagedown"] * 10)
        await desk.sees("word399", "Force-pushing")
        await desk.slowly("y")
        assert len(desk.feed.answers) == 1


PADDED = {
    "letters that are blank": f"git push {chr(0x3164) * 1500} --force --mirror",
    "wide letters": f"git push {chr(0x6F22) * 1500} --force --mirror",
}


def _scroll(desk: Desk, *, to_end: bool) -> None:
    about = desk.app.screen.query_one(VerticalScroll)
    (about.scroll_end if to_end else about.scroll_home)(animate=False)


@pytest.mark.parametrize(("how", "size"), [("letters that are blank", (100, 30)), ("wide letters", (40, 24))])
@played
async def test_s10_y_counts_only_once_the_end_was_on_the_screen(how: str, size: tuple[int, int]) -> None:
    async with at_desk(hello(entry(1, command=PADDED[how])), size=size) as desk:
        await desk.press("down", "a")
        await desk.sees("Approve 1?")
        assert "--mirror" not in desk.screen()
        await desk.slowly("y")
        await desk.sees("Not taken: the end")
        await desk.slowly("down", "y")
        assert desk.feed.answers == []
        _scroll(desk, to_end=True)
        await desk.sees("4:48 left")
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"})


@pytest.mark.parametrize("blank", [" ", "\u3000"])
@played
async def test_s10_blanks_are_counted_not_drawn(blank: str) -> None:
    command = f"git push '{blank * 1500}' --force --mirror"
    async with asked(command=command, argv=["git", "push", blank * 1500, "--force"], prefix_min=2) as desk:
        await desk.sees("git push ' ⟨1500 blanks⟩ ' --force --mirror")
        await desk.slowly("5", "left")
        await desk.sees("begins with git push ' ⟨1500 blanks⟩ ' --force")


@played
async def test_s10_once_it_was_there_one_may_go_back() -> None:
    async with asked(command=PADDED["wide letters"]) as desk:
        _scroll(desk, to_end=True)
        await desk.sees("--mirror")
        _scroll(desk, to_end=False)
        await desk.until(lambda: "--mirror" not in desk.screen(), "the beginning")
        await desk.slowly("y")
        await desk.answers({"do": "approve", "id": 1, "for": "once"})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"command": "x" * 20_001}, "too long to be read here"),
        ({"subject": "x" * 20_001}, "too long to be read here"),
        ({"cut": True}, "and can't be approved"),
    ],
)
@played
async def test_s10_what_is_not_shown_whole_can_not_be_approved_here(more: dict[str, Any], said: str) -> None:
    async with asked(**more) as desk:
        _scroll(desk, to_end=True)
        await desk.slowly("y")
        await desk.sees(said)
        await desk.slowly("y")
        assert desk.feed.answers == []


@played
async def test_s10_nor_words_that_others_may_begin_with() -> None:
    async with asked(argv=["git", "push", "x" * 8000, "--force"], prefix_min=2) as desk:
        await desk.slowly("5", "left", "y")
        await desk.sees("words that others may begin with are not all on the screen")
        assert desk.feed.answers == []
        await desk.slowly("left", "left", "y")
        await desk.answers({"do": "approve", "id": 1, "for": "5m", "prefix": 2})


@played
async def test_s9_where_others_could_type_each_answer_takes_the_pin() -> None:
    reason = "the PIN is asked for each time"
    each = Hello(3, trusted=False, reason=reason, enrolled=True, pending=(entry(1), entry(2)), each=True)
    async with asked(said=each) as desk:
        await desk.sees("can be answered here; the PIN is asked for each time")
        await desk.slowly("y")
        await desk.sees("PIN for 1")
        assert desk.feed.answers == []
        await desk.press("enter")  # too fast, and nothing
        await desk.type("secret1")
        assert "secret1" not in desk.screen()
        await desk.slowly("enter")
        await desk.answers({"do": "approve", "id": 1, "for": "once", "pin": "secret1"}, epoch=3)


@played
async def test_s9_without_the_pin_nothing_is_answered() -> None:
    reason = "the PIN is asked for each time"
    each = Hello(1, trusted=False, reason=reason, enrolled=True, pending=(entry(1), entry(2)), each=True)
    async with asked(said=each) as desk:
        await desk.slowly("y")
        await desk.sees("PIN for 1")
        await desk.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "the dialog's end")
        await desk.press("a")
        await desk.sees("Approve 1?")
        await desk.slowly("y")
        await desk.sees("PIN for 1")
        await desk.hear(Settled(1, "denied"))
        await desk.type("secret1")
        await desk.slowly("enter")
        assert desk.feed.answers == []
    async with at_desk(each, asks=False) as desk:
        await desk.press("down", "a")
        await desk.sees("1 is an agent's: the PIN is asked for each time")
