"""The accessibility tree of a page as Chromium gives it to a screen reader."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import CDPSession, Page

from smartyp1.json_types import JsonDict

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")
# Chromium's own pieces of a text, and boxes without a meaning.
_WITHOUT_MEANING = {"InlineTextBox", "none", "generic", "LineBreak", "ListMarker"}
# States that a screen reader speaks.
_STATES = ("checked", "selected", "expanded", "disabled")
CONTROLS = {"button", "combobox", "gridcell", "link", "radio", "slider", "spinbutton"}
# Nodes whose texts are their name, or the name of another node.
_NAMED_BY_TEXT = CONTROLS | {"image", "caption", "LabelText", "rowheader"}


@dataclass
class Node:
    """Node of the accessibility tree."""

    role: str
    name: str
    value: str
    states: dict[str, str]
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield the node and all nodes below it, in the order of reading."""
        yield self
        for child in self.children:
            yield from child.walk()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """Yield the node and all nodes below it as indented lines."""
        states = "".join(f" {name}={value}" for name, value in self.states.items())
        value = f" = {self.value!r}" if self.value else ""
        yield f"{'  ' * depth}{self.role} {self.name!r}{value}{states}"
        for child in self.children:
            yield from child.lines(depth + 1)


async def tree(page: Page) -> Node:
    """Return the accessibility tree of a page, without nodes that no screen reader speaks."""
    session = await page.context.new_cdp_session(page)
    try:
        nodes: list[JsonDict] = (await session.send("Accessibility.getFullAXTree"))["nodes"]
        by_id = {node["nodeId"]: node for node in nodes}
        for node in nodes:
            # The protocol gives only the number of a slider. Screen readers speak its text.
            if _of(node, "role") == "slider":
                node["value"] = {"value": await _value_text(session, node)}
    finally:
        await session.detach()
    (root,) = _made(nodes[0], by_id)
    return root


async def _value_text(session: CDPSession, node: JsonDict) -> str:
    found = await session.send("DOM.resolveNode", {"backendNodeId": node["backendDOMNodeId"]})
    script = "function () { return this.getAttribute('aria-valuetext') }"
    call = {"objectId": found["object"]["objectId"], "functionDeclaration": script}
    return str((await session.send("Runtime.callFunctionOn", call))["result"]["value"])


def _made(node: JsonDict, by_id: dict[str, JsonDict]) -> Iterator[Node]:
    children = [by_id[child] for child in node.get("childIds", []) if child in by_id]
    below = [made for child in children for made in _made(child, by_id)]
    role = _of(node, "role")
    if node.get("ignored") or role in _WITHOUT_MEANING:
        yield from below
        return
    properties = {each["name"]: each["value"].get("value") for each in node.get("properties", [])}
    states = {name: str(properties[name]) for name in _STATES if properties.get(name)}
    name = _of(node, "name")
    # A control has its name spoken, but not the texts inside it again.
    if role in _NAMED_BY_TEXT or [child.name for child in below] == [name]:
        below = [child for child in below if child.role != "StaticText"]
    # The control in a heading has its name spoken.
    if [child.name for child in below] == [name]:
        name = ""
    yield Node(role, name, _of(node, "value"), states, below)


def _of(node: JsonDict, key: str) -> str:
    text = str(node.get(key, {}).get("value", ""))
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())
