"""What errors of other libraries and broken rows say, short enough to stand in a sentence."""


def first_line(error: BaseException) -> str:
    r"""The first line of an error's message.

    >>> first_line(ValueError("It broke.\nThe following lines..."))
    'It broke'
    """
    told = " ".join(str(part) for part in error.args).strip() or type(error).__name__
    return excerpt(told.splitlines()[0].rstrip(".:"), 200)


def excerpt(text: str, most: int = 60) -> str:
    r"""The beginning of a text in one line.

    >>> excerpt("a long\ncell", 6)
    'a long...'
    """
    text = " ".join(text[: 4 * most].split())
    return f"{text[:most]}..." if len(text) > most else text
