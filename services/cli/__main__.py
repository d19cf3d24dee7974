"""``python -m services.cli`` is ``liandan``."""

from services.cli.main import app

if __name__ == "__main__":
    app(prog_name="liandan")
