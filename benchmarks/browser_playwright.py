"""The other side of ``browser_steps``: Playwright's Python client, in an interpreter that has it.

    PYTHON benchmarks/browser_playwright.py CHROMIUM URL TIMES [FLAG …]

prints the milliseconds of each step as JSON.  It imports nothing of ours.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def work(chromium: str, url: str, times: int, flags: list[str]) -> dict[str, list[float]]:
    """Launch, do each step so many times, close."""
    from playwright.async_api import async_playwright

    taken: dict[str, list[float]] = {}

    async def timed(name: str, step: Callable[[], Awaitable[Any]]) -> Any:
        begun = time.perf_counter()
        result = await step()
        taken.setdefault(name, []).append((time.perf_counter() - begun) * 1_000)
        return result

    async with async_playwright() as playwright:

        async def launch() -> Any:
            browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
            return browser, await browser.new_page(viewport={"width": 1280, "height": 720})

        browser, page = await timed("launch", launch)
        for number in range(times):
            text = f"name {number}"
            await timed("navigate", lambda: page.goto(url))
            await timed("observe", lambda: page.locator("body").aria_snapshot(mode="ai"))
            await timed("type", lambda text=text: page.get_by_label("Name").fill(text))
            await timed("click", lambda: page.get_by_label("Agree").click())
            await timed("screenshot", page.screenshot)
            await timed("round trip", lambda: page.evaluate("1"))
        await timed("close", browser.close)
    return taken


if __name__ == "__main__":
    _, chromium_path, address, count, *more = sys.argv
    print(json.dumps(asyncio.run(work(chromium_path, address, int(count), more))))
