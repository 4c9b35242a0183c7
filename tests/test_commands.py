import pytest

from tests import commands

PAGE = """\
```sh
./kaldra up      # from nothing
# nothing but words
curl -H 'a: b  c' \\
  http://127.0.0.1:8000/#here
```

```console
$ ./kaldra status
all is well
```

```python
./kaldra fly
```
"""


def test_commands_come_without_comments_prompts_and_broken_lines():
    assert list(commands.of_page(PAGE)) == [
        (1, ["./kaldra up", "curl -H 'a: b  c'    http://127.0.0.1:8000/#here"]),
        (8, ["./kaldra status"]),
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('eval "$(./kaldra env --stack mine)"', [["env", "--stack", "mine"]]),
        ("A=b ./kaldra up | tee log", [["up"]]),
        ('./kaldra diff "origin/$BASE" > x', [["diff", "origin/$BASE"]]),
        ("./kaldra down; ./kaldra up", [["down"], ["up"]]),
        ("./kaldra down\n./kaldra up\n", [["down"], ["up"]]),
        ("docker ps", []),
    ],
)
def test_every_call_of_the_command_line_is_found(command, words):
    assert list(commands.calls(command)) == words


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("up --stack mine --yes", ""),
        ("--help", ""),
        ("test --fast -k settings", ""),
        ("fly", "no such verb"),
        ("up --fast", "No such option"),
        ("logs --lines many", "valid integer"),
        ("publish --tag v1", "Missing parameter"),
        ("status extra", "unexpected extra argument"),
    ],
)
def test_words_are_parsed_as_the_command_line_does(words, fault):
    assert fault in commands.fault(words.split())
    assert bool(fault) == bool(commands.fault(words.split()))
