from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect, Simple


def test_words_behind_a_redirection_are_the_commands() -> None:
    script = parse(b"rm -rf 2>/dev/null /", Dialect.BASH)
    command = script.body.items[0].pipelines[0].commands[0]
    assert isinstance(command, Simple)
    assert [script.data[word.start : word.end] for word in command.words] == [b"rm", b"-rf", b"/"]


def test_what_stands_before_an_error_is_in_the_tree() -> None:
    script = parse(b"rm -rf /\nif", Dialect.BASH)
    assert len(script.body.items) == 1
    assert script.broken is not None
    assert script.broken.start == 9
