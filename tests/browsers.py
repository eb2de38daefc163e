"""The browser that tests start."""

import shutil

# The shell is Chromium without what only a window needs: it takes half the work.
PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]
