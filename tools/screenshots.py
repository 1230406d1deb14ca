"""Takes the pictures of the documentation from a running demo: ``python -m tools.screenshots``."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from demo import stage

IMAGES = Path(__file__).parent.parent / "docs" / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
MID_RUN_SECONDS = 3.0


def main() -> int:
    if CHROMIUM is None:
        print("chromium is needed for the pictures", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pitstop-pictures-") as folder:
        stage.build(Path(folder) / "demo")
        with stage.running(Path(folder) / "demo") as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            page = browser.new_page(viewport={"width": 1100, "height": 800})
            take_all(page, running)
            browser.close()
    return 0


def take_all(page: Page, running: stage.Stage) -> None:
    page.goto(running.url)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(running.password)
    page.get_by_role("button", name="Sign in").click()
    take(page, "update")
    page.get_by_role("row", name="Lantern hotfix 1.2601.1.15").get_by_text("Update now").click()
    page.get_by_role("button", name="Update now").click()
    time.sleep(MID_RUN_SECONDS)
    take(page, "run")


def take(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"took docs/images/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
