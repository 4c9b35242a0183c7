"""What a reader does on the page, in the words of a reader."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

TEXT = (
    "We raise our guidance for the year. The board does not fear the risk, and the founders dare "
    "to rebuild the company."
)
BEFORE = "The board fears the risk and hides the losses; trust breaks, case {}."
AFTER = "The founders dare to rebuild; hope returns and the plant grows with joy, case {}."


def story(count: int) -> str:
    """Lines whose narrative changes in the middle."""
    half = count // 2
    return "\n".join(
        [BEFORE.format(i) for i in range(half)] + [AFTER.format(i) for i in range(half)]
    )


def paste(page: Page, text: str) -> None:
    """Paste into the text area, as a browser does it."""
    page.get_by_label("Text, in English or Portuguese").focus()
    page.evaluate(
        """(text) => {
            const area = document.activeElement;
            area.setRangeText(text, 0, area.value.length, "end");
            area.dispatchEvent(new InputEvent("input", { bubbles: true }));
            area.dispatchEvent(new ClipboardEvent("paste", { bubbles: true }));
        }""",
        text,
    )


def read(page: Page, text: str, *, lines: bool = False) -> None:
    """Type a text and press the button."""
    page.get_by_label("One text per line").set_checked(lines)
    page.get_by_label("Text, in English or Portuguese").fill(text)
    page.get_by_role("button", name="Read", exact=True).click()


def settled(page: Page) -> None:
    """Wait until nothing is asked for."""
    expect(page.locator("#result")).not_to_have_attribute("aria-busy", "true")


def open_tab(page: Page, name: str) -> None:
    """Open a tab and wait for what it shows."""
    page.get_by_role("tab", name=name).click()
    expect(page.locator("#view .card").first).to_be_visible()
    settled(page)


def is_read(page: Page) -> None:
    """A state is named."""
    expect(page.locator(".headline .state")).to_contain_text("%")
    settled(page)


def reading(look: Callable[..., Page], site: str, text: str = TEXT) -> Page:
    """A page of the site that has read a text."""
    page = look(site)
    read(page, text)
    is_read(page)
    return page
