"""Open a page in the browser of an old Qt: `python qt_browser.py 5|6 URL WIDTH HEIGHT`.

It runs in `.venv-browsers`. Qt 5.15 has Chromium 87, and Qt 6.4 has Chromium 102. The test controls
it over the port in QTWEBENGINE_REMOTE_DEBUGGING.
"""

import importlib
import sys


def main() -> int:
    """Show the page until the process is ended."""
    _, qt, url, width, height = sys.argv
    names = ("QtCore", "QtWidgets", "QtWebEngineWidgets")
    core, widgets, engine = (importlib.import_module(f"PyQt{qt}.{name}") for name in names)
    application = widgets.QApplication(sys.argv[:1])
    view = engine.QWebEngineView()
    view.resize(int(width), int(height))
    view.show()
    view.load(core.QUrl(url))
    # Qt 5 calls it exec_ in Python.
    run = getattr(application, "exec", None) or application.exec_
    return int(run())


if __name__ == "__main__":
    sys.exit(main())
