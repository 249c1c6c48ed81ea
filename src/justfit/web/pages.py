"""The pages: templates that hold no data but an address; scripts fetch the rest."""

import jinja2

NAMES = ("studies", "study", "network", "compare", "try", "start", "docs", "error")

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("justfit.web", "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, **values: str | int) -> str:
    """A page as HTML, every value escaped.

    Args:
        name: one of `NAMES`.
        values: of ``study`` the ``study`` (a folder's name); of ``network`` that and the ``number``; of
            ``error`` the ``status`` and a ``sentence``; of the others none.

    Raises:
        ValueError: there is no such page.

    >>> "&lt;b&gt; is not there." in page("error", status=404, sentence="<b> is not there.")
    True
    """
    if name not in NAMES:
        raise ValueError(f'there is no page "{name}": expected one of {", ".join(NAMES)}')
    return _TEMPLATES.get_template(f"{name}.html").render(name=name, **values)
