"""Foreign texts in Markdown: each place that passes a text to Markdown makes it plain first."""

import ast
from collections.abc import Iterator
from functools import cache

from dev.checkout import ROOT

HOUSE = ROOT / "custom_components" / "smarty_p1"
ESCAPING = {"as_plain", "in_markdown"}
# Functions of Home Assistant that show Markdown, each with the argument of the text.
SHOWN = {
    "async_show_form": "description_placeholders",
    "async_show_menu": "description_placeholders",
    "async_show_progress": "description_placeholders",
    "async_abort": "description_placeholders",
    "async_create_entry": "description_placeholders",
    "async_update_reload_and_abort": "description_placeholders",
    "async_create_issue": "translation_placeholders",
}
# Placeholders of an issue, which `raise_issue` has made plain already.
OF_ISSUES = {("repairs.py", "ChoiceRepairFlow"), ("repairs.py", "_show_confirmation")}


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(HOUSE).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(HOUSE.rglob("*.py"))
    ]


def name_of(node: ast.expr) -> str:
    """Return the name of a called function, "" for another expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls_in(node: ast.AST) -> list[ast.Call]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Call)]


def is_plain(value: ast.expr, scope: ast.AST) -> bool:
    """Return whether an expression makes its texts plain, also by the name of a variable."""
    if any(name_of(call.func) in ESCAPING for call in calls_in(value)):
        return True
    return isinstance(value, ast.Name) and any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == value.id for target in node.targets)
        and is_plain(node.value, ast.Module([], []))
        for node in ast.walk(scope)
    )


def places(tree: ast.Module) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """Yield each text that is passed to Markdown, with its class or function."""
    for scope in tree.body:
        name = getattr(scope, "name", "")
        for call in calls_in(scope):
            shown = SHOWN.get(name_of(call.func))
            yield from (
                (name, word.value, scope) for word in call.keywords if shown and word.arg == shown
            )
            is_notification = (
                isinstance(call.func, ast.Attribute)
                and name_of(call.func.value) == "persistent_notification"
            )
            if is_notification and call.func.attr == "async_create":  # type: ignore[attr-defined]
                yield name, call.args[1], scope


def test_each_text_in_markdown_is_made_plain() -> None:
    found, missing = 0, []
    for file, tree in trees():
        for name, value, scope in places(tree):
            found += 1
            if not is_plain(value, scope) and (file, name) not in OF_ISSUES:
                missing.append(f"{file}: {name}: {ast.unparse(value)}")
    assert missing == []
    assert found >= 12


def test_nothing_else_raises_issues_or_notifications() -> None:
    raising = {
        (file, name_of(call.func))
        for file, tree in trees()
        for call in calls_in(tree)
        if name_of(call.func) in {"async_create_issue", "create_issue", "create"}
        or (
            isinstance(call.func, ast.Attribute)
            and name_of(call.func.value) == "persistent_notification"
        )
    }
    assert {(file, name) for file, name in raising if "issue" in name or "notif" in name} == {
        ("coordinator/repair_issues.py", "async_create_issue")
    }
    assert {file for file, name in raising if name == "async_create"} == {"messages/sending.py"}
