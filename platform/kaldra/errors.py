"""Errors whose text is the user's message."""


class KaldraError(Exception):
    """Something failed; `str()` says what and where, `hint` the next command to type.

    The command line prints both and exits with `exit_code`.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(KaldraError):
    """A setting, argument or stack file is wrong; nothing was changed."""

    exit_code = 2
