"""Networks that studies have chosen, one against another on the same validation rows, on the screen."""

from justfit.cli.screen import cell, say, say_table
from justfit.words import number, percent
from justfit.workflow import ComparedChoices


def show_choices(found: ComparedChoices) -> None:
    """Print what studies have chosen, one against another."""
    first = found.first
    say(cell(f"{first['name']} {first['id']}: {first['network']}, on validation rows of {found.data}"))
    columns = ("against it", "id", "network", "rows", "figure", "value", "first", "difference")
    rows = []
    for each in found.comparisons:
        show = percent if each["figure"] == "accuracy" else number
        apart = each["difference"]
        ends = "unknown" if apart["low"] is None else f"{show(apart['low'])} to {show(apart['high'])}"
        figures = (show(each["value"]), show(each["first_value"]), show(apart["value"]))
        tail = ("" if each["p"] is None else number(each["p"]), each["verdict"] or "")
        head = (each["name"], each["id"], each["network"], f"{each['rows']:,}", each["figure"])
        rows.append((*head, *figures, ends, *tail))
    say_table((*columns, "its 95% interval", "p", "verdict"), rows, texts=3)
    say()
    say("rows: those that validate in both studies, each asked of networks that were not trained on it")
    say("they chose these networks, too, which favours the one that was chosen among more")
    say("difference: from the first study's; p: by McNemar's test for accuracy, else by a paired bootstrap")
    say("of rows, corrected for all lines (Holm); it tells of other rows, not of other seeds")
